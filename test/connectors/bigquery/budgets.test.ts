/** No read begins that a budget does not allow, and what cannot be known is not allowed. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { costGuard, type Estimate } from '../../../src/connectors/bigquery/cost-guard.ts';
import { openLedger } from '../../../src/connectors/bigquery/ledger.ts';
import { settings } from '../../../src/connectors/bigquery/settings.ts';
import { sourceMemory } from '../../../src/extract/source-memory.ts';
import { Lab } from './lab.ts';

let lab: Lab;
const megabyte = 1024 * 1024;

beforeEach(async () => {
  lab = await Lab.open();
  // 16 bytes a row: eight of the number, eight of the text.
  const schema = [
    { name: 'id', type: 'INT64' },
    { name: 'name', type: 'STRING' },
  ];
  const fromDuck = "SELECT i, 'abcdef' FROM range(100000) r(i)";
  await lab.control.table({ project: 'lab', dataset: 'd', table: 'orders', schema, fromDuck });
  await lab.control.table({ project: 'lab', dataset: 'd', table: 'view', query: 'SELECT id, name FROM lab.d.orders' });
});
afterEach(async () => {
  expect(lab.control.violations()).toEqual([]);
  await lab.close();
});

const spent = async () => (await lab.memory().catch(() => ({ bytes: 0 }))).bytes;

describe('a read above a budget is refused before it begins, with the estimate, the cap and the setting', () => {
  test.each([
    ['max_bytes_per_table', '1MB'],
    ['max_bytes_per_run', '1MB'],
    ['max_bytes_per_day', '1MB'],
  ])('%s by a query', async (setting, cap) => {
    const result = await lab.sync(lab.table('view'), { [setting]: cap });
    expect(result).toMatchObject({ status: 'failed', error: { code: 'over_cap' } });
    expect(result.error?.message).toMatch(
      /^view reads 1\.\d MB by a query, billed as 10\.49 MB, less than \$0\.01 at \$6\.25 for each TiB; /,
    );
    expect(result.error?.message).toContain(`${setting} allows 1 MB`);
    expect(result.error?.hint).toContain(`Raise ${setting}`);
    expect(lab.control.billedBytes()).toBe(0);
    expect(await spent()).toBe(0);
  });

  test.each(['max_bytes_per_table', 'max_bytes_per_run', 'max_bytes_per_day'])(
    '%s by Storage Read',
    async (setting) => {
      const result = await lab.sync(lab.table('orders'), { [setting]: '1MB' });
      expect(result).toMatchObject({ status: 'failed', error: { code: 'over_cap' } });
      expect(result.error?.message).toMatch(/1\.\d MB by Storage Read, less than \$0\.01 at \$1\.1 for each TiB/);
      expect(lab.control.count('ReadRows')).toBe(0);
    },
  );

  test('the minimum that BigQuery bills counts, not the bytes alone', async () => {
    const result = await lab.sync(lab.table('view'), { max_bytes_per_table: '9MB' });
    expect(result).toMatchObject({ status: 'failed', error: { code: 'over_cap' } });
  });

  test('one table of a run that does not fit leaves the others alone', async () => {
    const schema = [{ name: 'x', type: 'INT64' }];
    await lab.control.table({ project: 'lab', dataset: 'd', table: 'small', schema, rows: [{ x: 1 }] });
    const report = await lab.extract([lab.table('orders'), lab.table('small')], { max_bytes_per_table: '1MB' });
    expect(report.tables.map((table) => table.status)).toEqual(['failed', 'succeeded']);
  });
});

test('a plan above the cap moves nothing, costs nothing and says bytes and money', async () => {
  const plan = lab.ask({ kind: 'plan', table: lab.table('view') }, { max_bytes_per_table: '1MB' });
  await expect(plan).rejects.toMatchObject({
    code: 'over_cap',
    message: expect.stringMatching(
      /view reads 1\.\d MB by a query, billed as 10\.49 MB, less than \$0\.01.*max_bytes_per_table allows 1 MB.*Nothing was read/,
    ),
  });
  expect(lab.control.billedBytes()).toBe(0);
  expect(lab.control.storageReadBytes()).toBe(0);
  await expect(lab.published('view')).rejects.toThrow();
});

test.each([
  ['view', 'by a query'],
  ['orders', 'by Storage Read'],
])('a plan of %s below the cap says bytes and money and moves nothing', async (id, says) => {
  const plan = await lab.ask(
    { kind: 'plan', table: lab.table(id) },
    { price_per_tib: 6_250_000, storage_price_per_tib: 6_250_000 },
  );
  expect(plan).toMatchObject({ action: 'full', bytes: expect.any(Number) });
  expect(plan.bytes).toBeGreaterThan(1_000_000);
  // Ten megabytes at least, of a query.
  expect(plan.warnings.join()).toContain(`${says}, ${says === 'by a query' ? 'billed as 10.49 MB, $59.60' : '$'}`);
  expect(lab.control.billedBytes()).toBe(0);
  expect(lab.control.count('ReadRows')).toBe(0);
  expect(await spent()).toBe(0);
});

test('the day’s bytes outlive a run and end the next one', async () => {
  const caps = { max_bytes_per_day: '25MB', storage_read: 'never' };
  expect(await lab.sync(lab.table('view'), caps)).toMatchObject({ status: 'succeeded' });
  expect(await spent()).toBe(10 * megabyte);
  expect(await lab.sync(lab.table('view'), caps)).toMatchObject({ status: 'unchanged' });
  // Answered from the query cache: nothing is billed, and nothing is charged.
  expect(lab.control.billedBytes()).toBe(10 * megabyte);
  expect(await spent()).toBe(10 * megabyte);
  await lab.control.insert('lab.d.orders', [{ id: 1, name: 'x' }]);
  expect(await lab.sync(lab.table('view'), caps)).toMatchObject({ status: 'succeeded' });
  await lab.control.insert('lab.d.orders', [{ id: 2, name: 'y' }]);
  const last = await lab.sync(lab.table('view'), caps);
  expect(last).toMatchObject({ status: 'failed', error: { code: 'over_cap' } });
  expect(last.error?.message).toMatch(/max_bytes_per_day allows 25 MB, of which 4\.\d+ MB are left/);
});

test('a new day begins with nothing spent', async () => {
  await mkdir(dirname(lab.memoryPath), { recursive: true });
  await writeFile(lab.memoryPath, JSON.stringify({ day: '2020-01-01', bytes: 1e15, jobs: [] }));
  expect(await lab.sync(lab.table('view'))).toMatchObject({ status: 'succeeded' });
  expect(await spent()).toBe(10 * megabyte);
});

test('two tables of a run cannot both take the last room', async () => {
  lab.control.fault({ on: 'job', times: 10, do: { jobTakesMs: 300 } });
  await lab.control.table({ project: 'lab', dataset: 'd', table: 'other', query: 'SELECT name, id FROM lab.d.orders' });
  const report = await lab.extract([lab.table('view'), lab.table('other')], { max_bytes_per_run: '15MB' });
  expect(report.tables.map((table) => table.status).sort()).toEqual(['failed', 'succeeded']);
  expect(lab.control.billedBytes()).toBe(10 * megabyte);
});

test('two processes cannot both take the last room of the day', async () => {
  const memory = () =>
    sourceMemory({
      dataDirectory: lab.directory,
      source: { name: 'warehouse', type: 'bigquery', settings: {}, schedule: null },
    });
  const capped = settings.parse({ project: 'lab', max_bytes_per_day: '100MB' });
  const estimate: Estimate = { bytes: 9 * megabyte, open: false, tables: 1, way: 'storage' };
  const guards = Array.from({ length: 20 }, () => costGuard(capped, openLedger(memory())));
  const outcomes = await Promise.allSettled(guards.map((guard) => guard.allow('t', estimate)));
  // 100 MB are ten times nine mebibytes, and something.
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(10);
  expect(await spent()).toBe(90 * megabyte);
});

test('a table that is read in several steps of a run has one budget for all of them', async () => {
  const memory = sourceMemory({
    dataDirectory: lab.directory,
    source: { name: 'warehouse', type: 'bigquery', settings: {}, schedule: null },
  });
  const guard = costGuard(settings.parse({ project: 'lab', max_bytes_per_table: '100MB' }), openLedger(memory));
  const estimate: Estimate = { bytes: 60e6, open: false, tables: 1, way: 'storage' };
  await guard.allow('a', estimate);
  await expect(guard.allow('a', estimate)).rejects.toMatchObject({ code: 'over_cap' });
  await guard.allow('b', estimate);
});

describe('the guard closes', () => {
  test('when the dry run fails', async () => {
    lab.control.fault({ on: 'jobs.insert', do: { http: { status: 403, reason: 'accessDenied', message: 'no' } } });
    expect(await lab.sync(lab.table('view'))).toMatchObject({
      status: 'failed',
      error: { code: 'source_forbidden' },
    });
    expect(lab.control.billedBytes()).toBe(0);
  });

  test('when the dry run does not say how many bytes', async () => {
    const body = JSON.stringify({
      jobReference: {},
      status: { state: 'DONE' },
      statistics: { query: { statementType: 'SELECT' } },
    });
    lab.control.fault({ on: 'jobs.insert', do: { raw: { status: 200, body } } });
    expect(await lab.sync(lab.table('view'))).toMatchObject({ status: 'failed', error: { code: 'over_cap' } });
    expect(lab.control.billedBytes()).toBe(0);
  });

  test('when the estimate is no bound, at what the budgets leave', async () => {
    await lab.control.table({
      project: 'lab',
      dataset: 'd',
      table: 'lake',
      type: 'EXTERNAL',
      schema: [{ name: 'text', type: 'STRING' }],
      fromDuck: "SELECT repeat('x', 398) FROM range(100000)",
    });
    const result = await lab.sync(lab.table('lake'), { max_bytes_per_table: '30MB' });
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'over_cap', hint: expect.stringContaining('max_bytes_per_table') },
    });
    expect(lab.control.billedBytes()).toBe(0);
    // A query that was refused gives back what was set aside for it.
    expect(await spent()).toBe(0);
    expect(await lab.sync(lab.table('lake'), { max_bytes_per_table: '50MB' })).toMatchObject({
      status: 'succeeded',
    });
    expect(await spent()).toBe(lab.control.billedBytes());
  });

  test.each([
    ['is no JSON', '{"day":'],
    ['is something else', '[]'],
    ['counts backwards', JSON.stringify({ day: new Date().toISOString().slice(0, 10), bytes: -1e12, jobs: [] })],
    ['lost its number', JSON.stringify({ day: new Date().toISOString().slice(0, 10), jobs: [] })],
    [
      'has no number but a word',
      JSON.stringify({ day: new Date().toISOString().slice(0, 10), bytes: 'none', jobs: [] }),
    ],
  ])('when the ledger %s', async (_name, text) => {
    await mkdir(dirname(lab.memoryPath), { recursive: true });
    await writeFile(lab.memoryPath, text);
    const result = await lab.sync(lab.table('view'));
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'integrity', hint: expect.stringContaining('elete it') },
    });
    expect(lab.control.count('jobs.insert')).toBe(0);
  });

  test('when the ledger cannot be read', async () => {
    await mkdir(lab.memoryPath, { recursive: true });
    expect(await lab.sync(lab.table('view'))).toMatchObject({ status: 'failed' });
    expect(lab.control.count('jobs.insert')).toBe(0);
  });

  test('when there is no ledger at all', () => {
    expect(() => openLedger(undefined)).toThrow(/no budget would hold/);
  });

  test('when a query would change data', async () => {
    const answer = {
      jobReference: {},
      status: { state: 'DONE' },
      statistics: { totalBytesProcessed: '0', query: { statementType: 'DELETE', totalBytesProcessed: '0' } },
    };
    lab.control.fault({ on: 'jobs.insert', do: { raw: { status: 200, body: JSON.stringify(answer) } } });
    const result = await lab.sync(lab.table('gone', { options: { sql: 'DELETE FROM lab.d.orders WHERE true' } }));
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'options_invalid', hint: expect.stringContaining('one SELECT') },
    });
    expect(lab.control.count('jobs.insert')).toBe(1);
  });
});

test('data that grow after the estimate stop at the cap that BigQuery itself keeps', async () => {
  lab.control.fault({
    on: 'jobs.insert',
    nth: 2,
    do: { meanwhile: () => lab.control.insertFromDuck('lab.d.orders', "SELECT i, 'abcdef' FROM range(4000000) r(i)") },
  });
  const result = await lab.sync(lab.table('view'));
  expect(result).toMatchObject({ status: 'failed', error: { code: 'over_cap' } });
  expect(lab.control.billedBytes()).toBe(0);
  expect(await spent()).toBe(0);
});
