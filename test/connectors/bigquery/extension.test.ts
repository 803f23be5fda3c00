/** The extension as far as it goes without its binary: when it is asked, what SQL reads it, and how a table comes back to the native way. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readTable } from '../../../src/connectors/bigquery/describe-table.ts';
import { type Engine, scanRelation } from '../../../src/connectors/bigquery/extension/engine.ts';
import { openResultByExtension } from '../../../src/connectors/bigquery/extension/open-result.ts';
import { planExtension, type StoredRead } from '../../../src/connectors/bigquery/extension/plan-extension.ts';
import { type RestField, readFields } from '../../../src/connectors/bigquery/fields.ts';
import type { Look } from '../../../src/connectors/bigquery/look.ts';
import { settings } from '../../../src/connectors/bigquery/settings.ts';
import { PlanAgain } from '../../../src/connectors/plan-again.ts';
import type { PieceWay } from '../../../src/connectors/read-way.ts';
import { Database } from '../../../src/duckdb/database.ts';
import type { Session } from '../../../src/duckdb/session.ts';
import { projection } from '../../../src/extract/columns.ts';
import { goldenRows, goldenSchema } from '../../doubles/bigquery/golden-table.ts';
import { tableRequest } from '../../helpers/extract-request.ts';
import { goldenPublished } from './golden-published.ts';
import { Lab } from './lab.ts';

const name = { project: 'lab', dataset: 'd', table: 't' };

/** The columns of the golden table that the extension keeps as they are. */
const kept = [
  'id',
  'big_int',
  'num',
  'num_10_2',
  'flt',
  'flag',
  'txt',
  'raw',
  'd',
  'dt',
  't',
  'ts',
  'js',
  'ints',
  'rec',
  'recs',
];
const routed = ['bignum', 'geo', 'iv', 'dr', 'tsr'];

/** The golden rows as the extension's code brings them: instants without their zone, JSON as text. */
const asItArrives = `SELECT * FROM (VALUES
  (1::BIGINT, 9007199254740993::BIGINT, 12345678901234567890.123456789::DECIMAL(38,9), 12345678.90::DECIMAL(10,2), 'NaN'::DOUBLE, true, 'Žluťoučký "kůň"\n\t\\',
   '\\x00\\x01\\xFE\\xFF'::BLOB, DATE '0001-01-01', TIMESTAMP '2024-02-29 23:59:59.123456', TIME '23:59:59.999999', TIMESTAMP '2024-02-29 23:59:59.123456',
   '{"a":[1,2,{"b":null}]}', [1, 9007199254740993, 3]::BIGINT[], {'a': 7::BIGINT, 'b': 'x', 'inner': {'ts': TIMESTAMP '1969-12-31 23:59:59.999999'}},
   [{'k': 'p', 'v': 1.5::DECIMAL(38,9)}, {'k': NULL, 'v': NULL}]),
  (2, -9223372036854775808, -0.000000001, 0.00, '-Infinity', false, '', ''::BLOB, DATE '9999-12-31', TIMESTAMP '0001-01-01', TIME '00:00:00',
   TIMESTAMP '9999-12-31 23:59:59.999999', '"text"', [], {'a': NULL, 'b': NULL, 'inner': NULL}, []),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS rows(${kept.join(', ')})`;

let directory: string;
let database: Database;
let session: Session;
const gaveUp: string[] = [];
const engine: Engine = {
  relation: async () => scanRelation(name, 'payer'),
  giveUp: (_table, reason) => {
    gaveUp.push(reason);
    return reason;
  },
};

beforeEach(async () => {
  gaveUp.length = 0;
  directory = await mkdtemp(join(tmpdir(), 'da-bigquery-extension-'));
  database = await Database.inMemory({ memoryLimit: '200MB', threads: 1, tempDirectory: join(directory, 'spill') });
  session = await database.connect();
});
afterEach(async () => {
  database.close();
  await rm(directory, { recursive: true, force: true });
});

/** What the extension would bring of any table. */
async function standIn(rows: string): Promise<void> {
  await session.run(`CREATE TABLE remote AS ${rows}`);
  await session.run(
    "CREATE MACRO bigquery_scan(path, billing_project := '') AS TABLE SELECT * FROM remote WHERE path = 'lab.d.t' AND billing_project = 'payer'",
  );
}

const fieldsOf = (names: readonly string[]) =>
  readFields((goldenSchema as unknown as RestField[]).filter((field) => names.includes(field.name)));

const described = (modified: number) => ({
  tableReference: { projectId: 'lab', datasetId: 'd', tableId: 't' },
  numRows: '3',
  numBytes: '100',
  lastModifiedTime: String(modified),
});

function readOf(names: readonly string[], facts: Partial<StoredRead> = {}): StoredRead {
  const source = readTable(described(1));
  return { source, fields: fieldsOf(names), conditions: [], facts: { fingerprint: 'f', rows: 3 }, ...facts };
}

const lookAt = (modified = 1) =>
  ({
    settings: settings.parse({ project: 'lab', billing_project: 'payer', driver: 'extension' }),
    guard: { foresee: async () => {}, allow: async () => ({ bytes: 0, settle: async () => {} }) },
    rest: { call: async () => described(modified) },
  }) as unknown as Look;

const way = () => ({ session, signal: new AbortController().signal }) as unknown as PieceWay;

test('the values that the extension brings become those of the native way', async () => {
  await standIn(asItArrives);
  const plan = await planExtension(lookAt(), engine, tableRequest('t'), readOf(kept));
  const open = await plan!.pieces[0]!.open(way());
  const rows = await session.rows(`SELECT ${projection(plan!.columns)} FROM ${open.relation}`);
  const expected = goldenPublished.map((row) =>
    Object.fromEntries(kept.map((column) => [column, (row as Record<string, unknown>)[column]])),
  );
  expect(rows).toEqual(expected);
  expect(open.rows).toBe(goldenRows.length);
  expect(await open.recover?.(null)).toBeNull();
  expect(gaveUp).toEqual([]);
});

test.each(routed)('a table with the column %s is read natively', async (column) => {
  expect(await planExtension(lookAt(), engine, tableRequest('t'), readOf(['id', column]))).toBeNull();
  expect(gaveUp[0]).toContain(column);
});

test.each<[string, Partial<StoredRead>]>([
  ['conditions', { conditions: ['id > 1'] }],
  ['changing', { facts: { rows: 3 } }],
])('rows that the extension cannot be asked for are read natively: %s', async (reason, facts) => {
  expect(await planExtension(lookAt(), engine, tableRequest('t'), readOf(['id'], facts))).toBeNull();
  expect(gaveUp[0]).toContain(reason);
});

test('a column that arrives in another type sends the table to the native way before a row is read', async () => {
  await standIn("SELECT 1::BIGINT AS id, TIMESTAMPTZ '2024-01-01' AS ts");
  const plan = await planExtension(lookAt(), engine, tableRequest('t'), readOf(['id', 'ts']));
  await expect(plan!.pieces[0]!.open(way())).rejects.toBeInstanceOf(PlanAgain);
  expect(gaveUp).toEqual(['column ts arrives as TIMESTAMP WITH TIME ZONE, not as TIMESTAMP']);
});

test('a table that changed during the scan is read again natively', async () => {
  await standIn('SELECT 1::BIGINT AS id');
  const plan = await planExtension(lookAt(2), engine, tableRequest('t'), readOf(['id']));
  const open = await plan!.pieces[0]!.open(way());
  await expect(open.recover?.(null)).rejects.toThrow('lab.d.t changed while it was read');
});

describe('a result of a query', () => {
  const job = { reference: { project: 'lab', location: null, id: 'j' }, destination: name, billedBytes: 0 };
  const native = { relation: 'natively' };
  const open = (names: readonly string[]) =>
    openResultByExtension(
      engine,
      { table: tableRequest('t'), job, fields: fieldsOf(names), rows: 3 },
      way(),
      async () => native,
    );

  test('is scanned where BigQuery keeps it, and fetched natively when that fails', async () => {
    await standIn('SELECT 1::BIGINT AS id');
    const opened = await open(['id']);
    expect(opened.rows).toBe(3);
    expect(await opened.recover?.(null)).toBeNull();
    expect(await opened.recover?.(new Error('IO Error: no such session\nmore'))).toBe(native);
  });

  test('is fetched natively where the extension would change a value, or is not there', async () => {
    expect(await open(['geo'])).toBe(native);
    expect(await open(['id'])).toBe(native);
    expect(gaveUp[1]).toContain('bigquery_scan does not exist');
  });
});

describe('a source', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.open();
    await lab.control.table({
      project: 'lab',
      dataset: 'd',
      table: 't',
      schema: [{ name: 'id', type: 'INT64' }],
      rows: [{ id: 1 }],
    });
  });
  afterAll(() => lab?.close());

  test('that insists on the extension fails, says what is missing and reads nothing', async () => {
    const result = await lab.sync(lab.table('t'), { driver: 'extension' });
    expect(result).toMatchObject({
      status: 'failed',
      error: {
        code: 'unsupported',
        message: expect.stringContaining('duckdb.extension_directories is empty'),
        hint: expect.stringContaining('driver: auto or native'),
      },
    });
    const sql = lab.table('by_sql', { bucket: null, options: { sql: 'SELECT 1 AS a' } });
    expect(await lab.sync(sql, { driver: 'extension' })).toMatchObject({
      status: 'failed',
      error: { code: 'unsupported' },
    });
    expect(lab.control.count('ReadRows') + lab.control.count('jobs.insert')).toBe(0);
  });

  test('that takes it where it is goes the native way and says why', async () => {
    const duckdb = { memoryLimit: '400MB', threads: 2, extensionDirectories: [directory] };
    const report = await lab.extract([lab.table('t')], {}, { duckdb });
    expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 1 });
    expect(report.notes.join()).toContain(`Engine: native. The BigQuery extension cannot be used: bigquery for DuckDB`);
  });
});
