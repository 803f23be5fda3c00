import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/duckdb/database.ts';
import { until } from '../helpers/instance.ts';
import { publishTable } from '../helpers/published-table.ts';
import { type TestServer, testServer } from '../helpers/server.ts';

let server: TestServer;
let bytes: Buffer;
let size: number;

const path = '/api/data/numbers/download';
const get = (headers: Record<string, string | null> = {}, where = path) => server.ask('GET', where, undefined, headers);

/** A query whose Parquet file is larger than the buffers a file is sent through. */
const numbers = 'SELECT i AS id, random() AS a, random() AS b FROM range(150000) r(i)';

beforeAll(async () => {
  server = await testServer();
  const [part] = await publishTable(server.config.dataDirectory, 'made', 'numbers', [numbers]);
  await publishTable(server.config.dataDirectory, 'parted', 'parted', [
    'SELECT i AS id FROM range(1000) r(i)',
    'SELECT i AS id FROM range(1000, 3000) r(i)',
  ]);
  bytes = await readFile(join(server.config.dataDirectory, 'extracts', 'made', part!.path));
  size = bytes.length;
  await server.sync();
});
afterAll(() => server.stop());

describe('a download', () => {
  it('is the whole file with its length, tag and digest', async () => {
    const answer = await get();
    expect(size).toBeGreaterThan(1.5e6);
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(bytes)).toBe(true);
    expect(answer.headers.get('content-length')).toBe(String(size));
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="numbers.parquet"');
    expect(answer.headers.get('etag')).toMatch(/^"sha256:[0-9a-f]{64}"$/);
    expect(answer.headers.get('repr-digest')).toMatch(/^sha-256=:.{44}:$/);
  });

  it('answers HEAD like GET without the bytes', async () => {
    const head = await server.ask('HEAD', path);
    const whole = await get();
    expect(head.status).toBe(200);
    expect(head.bytes).toHaveLength(0);
    for (const name of ['content-length', 'etag', 'content-type', 'accept-ranges', 'repr-digest'])
      expect(head.headers.get(name)).toBe(whole.headers.get(name));
  });

  it.each([
    ['bytes=0-0', (n: number) => [0, 1, n]],
    ['bytes=0-99', (n: number) => [0, 100, n]],
    ['bytes=100-', (n: number) => [100, n, n]],
    ['bytes=-100', (n: number) => [n - 100, n, n]],
    ['bytes=-99999999999', (n: number) => [0, n, n]],
    ['bytes=524287-1048577', (n: number) => [524_287, 1_048_578, n]],
    ['bytes=1000000-99999999999', (n: number) => [1_000_000, n, n]],
  ])('of the range %s is exactly these bytes', async (range, expected) => {
    const [from, to] = expected(size) as [number, number];
    const answer = await get({ range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${size}`);
    expect(answer.headers.get('content-length')).toBe(String(to - from));
    expect(answer.bytes.equals(bytes.subarray(from, to))).toBe(true);
  });

  it.each(['bytes=5-2', 'lines=0-1', 'bytes=', 'bytes=a-b', 'bytes=0-1,5-6'])(
    'with a range nobody need understand (%s) is the whole file',
    async (range) => {
      const answer = await get({ range });
      expect([answer.status, answer.bytes.length]).toEqual([200, size]);
    },
  );

  it('of a range beyond the end is 416 with the size', async () => {
    for (const range of [`bytes=${size}-`, `bytes=${size + 5}-${size + 9}`, 'bytes=-0']) {
      const answer = await get({ range });
      expect(answer.status).toBe(416);
      expect(answer.headers.get('content-range')).toBe(`bytes */${size}`);
      expect(answer.json).toMatchObject({
        code: 'range_invalid',
        hint: expect.stringContaining('range inside the file'),
      });
    }
  });

  it('resumes only what it began: If-Range with another tag, a weak one or a date sends the whole file', async () => {
    const tag = (await get()).headers.get('etag') as string;
    const asked = async (ifRange: string) => (await get({ range: 'bytes=5-9', 'if-range': ifRange })).status;
    expect(await asked(tag)).toBe(206);
    expect(await asked('"sha256:other"')).toBe(200);
    expect(await asked(`W/${tag}`)).toBe(200);
    expect(await asked(new Date().toUTCString())).toBe(200);
  });

  it('of what the client has is 304 without bytes', async () => {
    const tag = (await get()).headers.get('etag') as string;
    for (const header of [tag, `"a", ${tag}`, '*', `W/${tag}`]) {
      const answer = await get({ 'if-none-match': header });
      expect([answer.status, answer.bytes.length]).toEqual([304, 0]);
      expect(answer.headers.get('etag')).toBe(tag);
    }
    expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('is right for many clients at once, some of which go away in the middle', async () => {
    const headers = { authorization: 'Bearer test-admin-token' };
    const leaving = Array.from({ length: 10 }, async () => {
      const abort = new AbortController();
      const response = await fetch(server.url + path, { headers, signal: abort.signal });
      await response.body?.getReader().read();
      abort.abort();
    });
    const staying = Array.from({ length: 20 }, () => get());
    await Promise.all(leaving);
    for (const answer of await Promise.all(staying)) expect(answer.bytes.equals(bytes)).toBe(true);
  });
});

describe('a table of several parts', () => {
  it('is one file with all its rows, made once and the same bytes when made again', async () => {
    const where = '/api/data/parted/download';
    const answers = await Promise.all([get({}, where), get({}, where), get({ range: 'bytes=0-3' }, where)]);
    const [first, second, piece] = answers as [(typeof answers)[0], (typeof answers)[0], (typeof answers)[0]];
    expect(first.bytes.equals(second.bytes)).toBe(true);
    expect(piece.bytes.toString()).toBe('PAR1');
    const { hash } = (await get({}, '/api/sync/manifest')).json.tables.parted;
    expect(first.headers.get('etag')).toBe(`"${hash}"`);
    const copy = join(server.directory, 'copy.parquet');
    await writeFile(copy, first.bytes);
    await using database = await Database.inMemory({
      memoryLimit: '200MB',
      threads: 1,
      tempDirectory: server.directory,
    });
    using session = await database.connect();
    expect(await session.first(`SELECT count(*)::INT AS n, sum(id)::INT AS s FROM '${copy}'`)).toEqual({
      n: 3000,
      s: (2999 * 3000) / 2,
    });
    await rm(join(server.config.dataDirectory, 'cache'), { recursive: true });
    expect((await get({}, where)).bytes.equals(first.bytes)).toBe(true);
  });

  it('serves each part by its hash', async () => {
    const { parts } = (await get({}, '/api/sync/manifest')).json.tables.parted;
    expect(parts).toHaveLength(2);
    for (const part of parts) {
      const answer = await get({}, `/api/data/parted/parts/${part.sha256}`);
      expect(answer.bytes).toHaveLength(part.size_bytes);
      expect(answer.headers.get('etag')).toBe(`"sha256:${part.sha256}"`);
    }
  });
});

describe('what cannot be downloaded', () => {
  it.each([
    ['/api/data/nope/download', 404],
    ['/api/data/NUMBERS/download', 404],
    ['/api/data/..%2f..%2fadmin-token/download', 404],
    ['/api/data/numbers%00/download', 404],
    [`/api/data/numbers/parts/${'a'.repeat(64)}`, 404],
    ['/api/data/numbers/parts/abc', 404],
    [`/api/data/parted/parts/..%2f${'a'.repeat(61)}`, 404],
  ])('%s is %i', async (where, status) => {
    const answer = await get({}, where);
    expect(answer.status).toBe(status);
    expect(answer.json.detail).not.toContain(server.directory);
  });

  it('a part of another table is not this table’s', async () => {
    const { parts } = (await get({}, '/api/sync/manifest')).json.tables.parted;
    expect((await get({}, `/api/data/numbers/parts/${parts[0].sha256}`)).status).toBe(404);
  });

  it('a file that somebody cut is refused before a byte is sent, and never as the whole', async () => {
    const other = await testServer();
    try {
      const [part] = await publishTable(other.config.dataDirectory, 'made', 'numbers', ['SELECT 1 AS id']);
      await other.sync();
      await until(async () => (await other.ask('HEAD', path)).status === 200);
      const file = join(other.config.dataDirectory, 'extracts', 'made', part!.path);
      await truncate(file, 100);
      expect(await other.ask('GET', path)).toMatchObject({ status: 500, json: { code: 'integrity' } });
    } finally {
      await other.stop();
    }
  });
});
