import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { extractFolder } from '../../src/contract/extract-folder.ts';
import { readExtractCatalogue } from '../../src/contract/read.ts';
import { Database } from '../../src/duckdb/database.ts';
import { extractSource } from '../../src/extract/extract-source.ts';
import type { ExtractEvent } from '../../src/extract/shapes.ts';
import { extractRequest, tableRequest } from '../helpers/extract-request.ts';

let directory: string;
let file: string;
const limits = () => ({ memoryLimit: '300MB', threads: 2, tempDirectory: join(directory, 'spill') });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-extract-'));
  file = join(directory, 'warehouse.duckdb');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function warehouse(...statements: string[]): Promise<void> {
  await using database = await Database.open(file, limits());
  const session = await database.connect();
  for (const statement of statements) await session.run(statement);
}

const source = () => ({ name: 'shop', type: 'duckdb', settings: { path: file } });

async function query(sql: string): Promise<unknown[]> {
  await using database = await Database.open(join(directory, 'extracts/shop/extract.duckdb'), limits(), {
    readOnly: true,
  });
  return await (await database.connect()).rows(sql);
}

test('one run publishes every table with its exact values, rows and columns', async () => {
  await warehouse(
    'CREATE TABLE orders (id BIGINT PRIMARY KEY, amount DECIMAL(18,2), "when" TIMESTAMPTZ)',
    "INSERT INTO orders SELECT i, i * 1.25, TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (i) MINUTE FROM range(1000) t(i)",
    'CREATE TABLE nothing (a INTEGER, b VARCHAR)',
  );
  const events: ExtractEvent[] = [];
  const report = await extractSource(
    extractRequest(directory, source(), [tableRequest('orders', { primary_key: ['id'] }), tableRequest('nothing')]),
    { onEvent: (event) => events.push(event) },
  );
  expect(report.tables.map(({ id, status, rows }) => ({ id, status, rows }))).toEqual([
    { id: 'orders', status: 'succeeded', rows: 1000 },
    { id: 'nothing', status: 'succeeded', rows: 0 },
  ]);
  expect(await query('SELECT count(*)::INT AS n, sum(amount)::VARCHAR AS total FROM orders')).toEqual([
    { n: 1000, total: '624375.00' },
  ]);
  expect(
    await query("SELECT string_agg(column_name || ' ' || column_type, ', ') AS columns FROM (DESCRIBE nothing)"),
  ).toEqual([{ columns: 'a INTEGER, b VARCHAR' }]);
  expect(events.filter((event) => event.kind === 'table_finished')).toHaveLength(2);
});

test('the same rows in another order keep their part, and a second run of an unchanged source moves nothing', async () => {
  await warehouse(
    'CREATE TABLE orders (id BIGINT, name VARCHAR)',
    "INSERT INTO orders SELECT i, 'n' || i FROM range(500) t(i)",
  );
  const request = () => extractRequest(directory, source(), [tableRequest('orders', { primary_key: ['id'] })]);
  await extractSource(request());
  const before = await readExtractCatalogue(extractFolder(directory, 'shop'), limits());
  const again = await extractSource(request());
  expect(again.tables[0]).toMatchObject({ status: 'unchanged', rows: 500 });
  await warehouse('CREATE OR REPLACE TABLE orders AS SELECT * FROM orders ORDER BY id DESC');
  const shuffled = await extractSource(request());
  expect(shuffled.tables[0]).toMatchObject({ status: 'unchanged', rows: 500 });
  const after = await readExtractCatalogue(extractFolder(directory, 'shop'), limits());
  expect(after.tables.get('orders')!.parts).toEqual(before.tables.get('orders')!.parts);
});

test('a table that fails keeps its data while the others go live', async () => {
  await warehouse('CREATE TABLE a AS SELECT 1 AS x', 'CREATE TABLE b AS SELECT 1 AS x');
  const request = () => extractRequest(directory, source(), [tableRequest('a'), tableRequest('b')]);
  await extractSource(request());
  await warehouse('DROP TABLE a', 'INSERT INTO b VALUES (2)');
  const report = await extractSource(request());
  expect(report.tables.map(({ id, status, rows }) => ({ id, status, rows }))).toEqual([
    { id: 'a', status: 'failed', rows: 1 },
    { id: 'b', status: 'succeeded', rows: 2 },
  ]);
  expect(report.tables[0]!.error).toMatchObject({ code: 'source_missing' });
  expect(await query('SELECT (SELECT count(*)::INT FROM a) AS a, (SELECT count(*)::INT FROM b) AS b')).toEqual([
    { a: 1, b: 2 },
  ]);
});

test('columns that come, go and change are told', async () => {
  await warehouse('CREATE TABLE t AS SELECT 1::INTEGER AS a, 2::INTEGER AS b');
  const request = () => extractRequest(directory, source(), [tableRequest('t')]);
  await extractSource(request());
  await warehouse("CREATE OR REPLACE TABLE t AS SELECT 1::BIGINT AS a, 'x' AS c");
  const report = await extractSource(request());
  expect(report.tables[0]!.schema_changes.sort()).toEqual([
    'column a changed from INTEGER to BIGINT',
    'column b removed',
    'column c VARCHAR added',
  ]);
});

test('a large table becomes several parts whose borders stay when rows are appended', async () => {
  await warehouse(
    // Hashes do not compress: few rows make a large file.
    `CREATE TABLE big AS SELECT i AS id, ${Array.from({ length: 24 }, (_, salt) => `hash(i, ${salt}) AS h${salt}`).join(', ')} FROM range(850_000) t(i)`,
  );
  const request = () => extractRequest(directory, source(), [tableRequest('big')]);
  await extractSource(request());
  const before = (await readExtractCatalogue(extractFolder(directory, 'shop'), limits())).tables.get('big')!;
  expect(before.parts.length).toBeGreaterThan(1);
  await warehouse('INSERT INTO big (id) SELECT i FROM range(850_000, 850_100) t(i)');
  await extractSource(request());
  const after = (await readExtractCatalogue(extractFolder(directory, 'shop'), limits())).tables.get('big')!;
  expect(after.meta.rows).toBe(850_100);
  expect(after.parts.slice(0, before.parts.length - 1)).toEqual(before.parts.slice(0, -1));
});

test('a second run of the same source at the same time is refused, and a killed one leaves nothing behind', async () => {
  await warehouse('CREATE VIEW t AS SELECT md5(i::VARCHAR) AS x FROM range(1_000_000) t(i)');
  const request = extractRequest(directory, source(), [tableRequest('t')]);
  const [one, two] = await Promise.allSettled([extractSource(request), extractSource(request)]);
  const refused = [one, two].filter((outcome) => outcome.status === 'rejected');
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ reason: { code: 'locked' } });
  expect(await readdir(join(directory, 'extracts/shop/.da/scratch'))).toEqual([]);
});

test('a cancelled run says so, keeps the old data and leaves no process', async () => {
  await warehouse('CREATE VIEW t AS SELECT 1 AS x');
  await extractSource(extractRequest(directory, source(), [tableRequest('t')]));
  await warehouse('CREATE OR REPLACE VIEW t AS SELECT md5(i::VARCHAR) AS x FROM range(100_000_000) t(i)');
  const cancel = new AbortController();
  const run = extractSource(extractRequest(directory, source(), [tableRequest('t')]), {
    signal: cancel.signal,
    onEvent: (event) => event.kind === 'table_started' && setTimeout(() => cancel.abort(), 200),
  });
  const report = await run;
  expect(report.tables[0]).toMatchObject({ status: 'cancelled', rows: 1 });
  expect(await query('SELECT count(*)::INT AS n FROM t')).toEqual([{ n: 1 }]);
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
  expect(stdout).not.toContain(directory);
});

test('a time limit and a memory limit stop the whole run with their reason', async () => {
  await warehouse('CREATE VIEW t AS SELECT md5(i::VARCHAR) AS x FROM range(100_000_000) t(i)');
  const slow = extractRequest(directory, source(), [tableRequest('t')], {
    limits: { extractMemoryBytes: 2e9, extractTimeMs: 400, graceMs: 0 },
  });
  await expect(extractSource(slow)).rejects.toMatchObject({ code: 'timed_out' });
  const large = extractRequest(directory, source(), [tableRequest('t')], {
    limits: { extractMemoryBytes: 120e6, extractTimeMs: 60_000, graceMs: 0 },
  });
  await expect(extractSource(large)).rejects.toMatchObject({ code: 'memory_exceeded' });
});
