/** Slices on disk: unpacked where there is room, packed where there is not, whole or not at all, and in their order either way. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cloud } from '../../../src/connectors/keboola/clouds/get-object.ts';
import { settings } from '../../../src/connectors/keboola/settings.ts';
import { downloadSlice } from '../../../src/connectors/keboola/slices/download-slice.ts';
import { csvRelation } from '../../../src/connectors/keboola/slices/slice-relation.ts';
import { roomFor, UnpackingRoom } from '../../../src/connectors/keboola/slices/unpacking-room.ts';
import { Database } from '../../../src/duckdb/database.ts';

const { limits } = settings.parse({ url: 'https://stack.example', limits: { first_pause_ms: 1 } });
const text = Array.from({ length: 20_000 }, (_, n) => `${n},row ${n}\n`).join('');
const packed = gzipSync(text);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-slices-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A cloud that answers with these bytes, in these portions. */
function cloudWith(bytes: Buffer, portion = 1_000): { cloud: Cloud; asked: () => number } {
  let asked = 0;
  const answer = () => {
    asked += 1;
    const portions = Array.from({ length: Math.ceil(bytes.length / portion) }, (_, n) =>
      bytes.subarray(n * portion, (n + 1) * portion),
    );
    return { status: 200, headers: { 'content-length': `${bytes.length}` }, body: Readable.from(portions) };
  };
  const store = { key: 'slice', expiresAt: null, signed: async () => ({ url: 'https://cloud.example', headers: {} }) };
  return {
    cloud: {
      transport: { cloud: async () => answer() },
      credentials: { current: async () => store },
      signal: new AbortController().signal,
    } as unknown as Cloud,
    asked: () => asked,
  };
}

async function download(bytes: Buffer, room: UnpackingRoom, portion?: number) {
  const file = join(directory, 'slice');
  const { cloud, asked } = cloudWith(bytes, portion);
  const task = { key: 'slice', file, parquet: false, room, limits, progress: () => {} };
  return { facts: await downloadSlice(cloud, task), stored: await readFile(file), asked: asked() };
}

test('a gz is stored unpacked where there is room for it', async () => {
  const { facts, stored } = await download(packed, new UnpackingRoom(text.length));
  expect(facts).toMatchObject({ form: 'plain', bytes: packed.length, plainBytes: text.length });
  expect(stored.toString()).toBe(text);
});

test('a gz of several members is unpacked to its end', async () => {
  const { facts, stored } = await download(Buffer.concat([packed, packed]), new UnpackingRoom(1e9));
  expect(facts.plainBytes).toBe(text.length * 2);
  expect(stored.toString()).toBe(text + text);
});

test('a gz stays packed where there is no room, and comes a second time where the room ends in the middle of it', async () => {
  const none = await download(packed, new UnpackingRoom(0));
  expect([none.facts.form, none.asked]).toEqual(['gz', 1]);
  expect(none.stored.equals(packed)).toBe(true);
  const little = await download(packed, new UnpackingRoom(text.length / 2));
  expect([little.facts.form, little.facts.plainBytes, little.asked]).toEqual(['gz', text.length, 2]);
  expect(little.stored.equals(packed)).toBe(true);
});

test('a gz is known as one, however small the portions are in which it begins', async () => {
  const { facts, stored } = await download(gzipSync('1,a\n'), new UnpackingRoom(0), 1);
  expect(facts.form).toBe('gz');
  expect(gunzipSync(stored).toString()).toBe('1,a\n');
});

test('a slice of one byte and one of none are what they are', async () => {
  const { facts, stored } = await download(Buffer.from('1'), new UnpackingRoom(100));
  expect([facts.form, stored.toString()]).toEqual(['plain', '1']);
  expect((await download(Buffer.alloc(0), new UnpackingRoom(100))).facts).toMatchObject({ plainBytes: 0, bytes: 0 });
  expect((await download(gzipSync(''), new UnpackingRoom(100))).facts.plainBytes).toBe(0);
});

test.each([
  ['a wrong checksum', (bytes: Buffer) => bytes.fill(0, bytes.length - 8, bytes.length - 4)],
  ['an end that is missing', (bytes: Buffer) => bytes.subarray(0, bytes.length - 9)],
])('a gz with %s is never taken, stored packed or not', async (_, spoil) => {
  for (const room of [0, 1e9]) {
    const spoiled = spoil(Buffer.from(packed));
    await expect(download(spoiled, new UnpackingRoom(room))).rejects.toMatchObject({ code: 'integrity' });
  }
});

test('the rows stand in the order of the slices, whichever of them are packed', async () => {
  const forms = ['plain', 'gz', 'plain', 'plain', 'gz'] as const;
  const slices = await Promise.all(
    forms.map(async (form, index) => {
      const file = join(directory, `${index}`);
      const content = `${index},first\n${index},second\n`;
      await writeFile(file, form === 'gz' ? gzipSync(content) : content);
      return { file, form };
    }),
  );
  await using database = await Database.inMemory({
    memoryLimit: '200MB',
    threads: 2,
    tempDirectory: join(directory, 'spill'),
  });
  using session = await database.connect();
  const relation = csvRelation(slices, ['slice', 'name'], { header: false, lines: null });
  const rows = await session.rows<{ c0: string; c1: string }>(`SELECT * FROM ${relation}`);
  expect(rows.map(({ c0, c1 }) => `${c0} ${c1}`)).toEqual(
    forms.flatMap((_, index) => [`${index} first`, `${index} second`]),
  );
});

test('slices are unpacked only where the disk has room for several such tables, and not at any size', () => {
  expect(roomFor({ packed: 1e8, free: 1e12 }).isLeft).toBe(true);
  expect(roomFor({ packed: 1e8, free: 1e10 }).isLeft).toBe(false);
  expect(roomFor({ packed: 2e9, free: 1e15 }).isLeft).toBe(false);
  expect(roomFor({ packed: null, free: 1e15 }).isLeft).toBe(false);
});
