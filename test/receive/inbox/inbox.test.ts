import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { laneStart, readAhead } from '../../../src/receive/inbox/inbox-reader.ts';
import { defaultInboxLimits, InboxWriter } from '../../../src/receive/inbox/inbox-writer.ts';
import { packSegment } from '../../../src/receive/inbox/retain-segments.ts';
import { listSegments } from '../../../src/receive/inbox/segments.ts';
import { UnpackedSegment } from '../../../src/receive/inbox/unpacked-segment.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-inbox-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const facts = { identifier: null, name: null, occurredAt: null, receivedAt: 1 };

async function write(bodies: string[], limits = {}): Promise<number[]> {
  const inbox = await InboxWriter.open(directory, { ...defaultInboxLimits, ...limits });
  const sequences = await Promise.all(bodies.map((body) => inbox.append(facts, Buffer.from(body))));
  await inbox.close();
  return sequences;
}

const everything = () => readAhead(directory, laneStart, 1 << 30);
const bodies = (read: { frames: { body: Buffer }[] }) => read.frames.map(({ body }) => body.toString());
const newest = async () => (await listSegments(directory)).at(-1)!.path;

test('what was acknowledged is read back in order, over segments and in any portion', async () => {
  const told = Array.from({ length: 200 }, (_, index) => `event ${index} ${'x'.repeat(index)}`);
  await write(told.slice(0, 120), { segmentBytes: 4_000 });
  await write(told.slice(120), { segmentBytes: 4_000 });
  expect((await listSegments(directory)).length).toBeGreaterThan(1);
  expect(bodies(await everything())).toEqual(told);
  const portions: string[] = [];
  let position = laneStart;
  for (;;) {
    const read = await readAhead(directory, position, 500);
    if (read.frames.length === 0) break;
    portions.push(...bodies(read));
    position = read.position;
  }
  expect(portions).toEqual(told);
});

test('sequences grow and are never used again, not even after a restart', async () => {
  const first = await write(['a', 'b']);
  const second = await write(['c']);
  expect(first).toEqual([1, 2]);
  expect(second[0]).toBeGreaterThan(1_000_000);
});

test('a torn last frame is cut at the next start and nothing before it is lost', async () => {
  await write(['a', 'b', 'torn']);
  const path = await newest();
  await truncate(path, (await stat(path)).size - 3);
  const halfway = await everything();
  expect(bodies(halfway)).toEqual(['a', 'b']);
  expect(halfway.damage).toEqual([]);
  await write(['c']);
  const read = await everything();
  expect(bodies(read)).toEqual(['a', 'b', 'c']);
  expect(read.damage).toEqual([]);
});

test('a flipped byte costs its own event, is reported, and the events behind it stay', async () => {
  await write(['first', 'second', 'third']);
  const path = await newest();
  const content = await readFile(path);
  content[content.indexOf('second')]! ^= 1;
  await writeFile(path, content);
  const read = await everything();
  expect(bodies(read)).toEqual(['first', 'third']);
  expect(read.damage).toEqual([expect.stringContaining('cannot be read')]);
  await write(['fourth']);
  expect(bodies(await everything())).toEqual(['first', 'third', 'fourth']);
});

test('a missing segment is reported once and the rest is read', async () => {
  await write(['a']);
  const { position } = await everything();
  await write(['b']);
  await rm((await listSegments(directory))[0]!.path);
  const read = await readAhead(directory, position, 1 << 20);
  expect(bodies(read)).toEqual(['b']);
  expect(read.damage).toEqual([expect.stringContaining('missing')]);
  expect((await readAhead(directory, read.position, 1 << 20)).damage).toEqual([]);
});

test('empty segments and rubbish at the end of an old one harm nobody', async () => {
  await write(['a']);
  await appendFile(await newest(), 'rubbish');
  await (await open(join(directory, '0000000500000000.seg'), 'w')).close();
  await write(['b']);
  const read = await everything();
  expect(bodies(read)).toEqual(['a', 'b']);
  expect(read.damage).toHaveLength(1);
});

test('a packed segment reads like a plain one', async () => {
  await write(['a', 'b']);
  await write(['c']);
  await packSegment((await listSegments(directory))[0]!);
  expect((await readdir(directory)).filter((name) => name.endsWith('.gz'))).toHaveLength(1);
  expect(bodies(await everything())).toEqual(['a', 'b', 'c']);
});

test('a disk below its floor takes nothing, and says that later is fine', async () => {
  await expect(write(['a'], { floorBytes: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
  });
  expect(bodies(await everything())).toEqual([]);
});

test('a segment whose flush failed is left alone and the next event goes into another', async () => {
  const inbox = await InboxWriter.open(directory);
  await inbox.append(facts, Buffer.from('a'));
  const file = (inbox as unknown as { segment: { file: { datasync(): Promise<void> } } }).segment.file;
  file.datasync = () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
  await expect(inbox.append(facts, Buffer.from('b'))).rejects.toMatchObject({ code: 'unavailable' });
  await inbox.append(facts, Buffer.from('c'));
  await inbox.close();
  expect(await listSegments(directory)).toHaveLength(2);
  expect(bodies(await everything())).toEqual(expect.arrayContaining(['a', 'c']));
});

test('a packed segment is read and unpacked once, however small the portions', async () => {
  const told = Array.from({ length: 50 }, (_, index) => `event ${index}`);
  await write(told);
  const [segment] = await listSegments(directory);
  await packSegment(segment!);
  await write(['the newest']);
  const unpacked = new UnpackedSegment();
  let { position, frames } = await readAhead(directory, laneStart, 1 << 20, 7, unpacked);
  const portions = bodies({ frames });
  // Its name alone is needed from now on.
  await truncate(`${segment!.path}.gz`, 0);
  while (frames.length > 0) {
    ({ position, frames } = await readAhead(directory, position, 1 << 20, 7, unpacked));
    portions.push(...bodies({ frames }));
  }
  expect(portions).toEqual([...told, 'the newest']);
});

const packedDamages: [string, (packed: Buffer) => Buffer][] = [
  ['cut off', (packed) => packed.subarray(0, packed.length / 2)],
  ['emptied', () => Buffer.alloc(0)],
  ['no archive any more', (packed) => Buffer.alloc(packed.length, 'x')],
  [
    'hit by flipped bytes',
    (packed) => Buffer.from(packed.map((byte, at) => (at === packed.length >> 1 ? ~byte : byte))),
  ],
];

test.each(packedDamages)(
  'a packed segment that is %s gives what it still proves, is reported once, and the events behind it stay',
  async (_what, damage) => {
    const told = Array.from({ length: 400 }, (_, index) => `event ${index} ${randomBytes(40).toString('hex')}`);
    await write(told);
    const [segment] = await listSegments(directory);
    await packSegment(segment!);
    await write(['the newest']);
    const packed = `${segment!.path}.gz`;
    await writeFile(packed, damage(await readFile(packed)));
    const unpacked = new UnpackedSegment();
    const read: string[] = [];
    const reports: string[] = [];
    for (let position = laneStart; ; ) {
      const ahead = await readAhead(directory, position, 1 << 20, 50, unpacked);
      read.push(...bodies(ahead));
      reports.push(...ahead.damage);
      if (ahead.frames.length === 0) break;
      position = ahead.position;
    }
    expect(read.at(-1)).toBe('the newest');
    expect(read.length).toBeLessThan(told.length + 1);
    expect(told).toEqual(expect.arrayContaining(read.slice(0, -1)));
    expect(reports.filter((one) => one.includes('is damaged'))).toHaveLength(1);
  },
);
