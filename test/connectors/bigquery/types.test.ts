import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { goldenRows, goldenSchema } from '../../doubles/bigquery/golden-table.ts';
import { goldenPublished, goldenTypes } from './golden-published.ts';
import { Lab } from './lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.open();
  await lab.control.table({ project: 'lab', dataset: 'd', table: 'golden', schema: goldenSchema, rows: goldenRows });
});
afterAll(() => lab?.close());
afterEach(() => expect(lab.control.violations()).toEqual([]));

/** What Storage Read brings: an INTERVAL comes by a query, whatever else a table has. */
const withoutInterval = goldenTypes.map(([name]) => name!).filter((name) => name !== 'iv');

async function expectGolden(id: string, columns: readonly string[]): Promise<void> {
  const described = await lab.published(id, 'DESCRIBE SELECT * FROM t');
  expect(described.rows.map((row) => [row.column_name, row.column_type])).toEqual(
    goldenTypes.filter(([name]) => columns.includes(name!)),
  );
  const expected = goldenPublished.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => columns.includes(name))),
  );
  expect((await lab.published(id)).rows).toEqual(expected);
}

test('every type comes by REST without losing anything', async () => {
  const result = await lab.sync(lab.table('golden', { primary_key: ['id'] }), { storage_read: 'never' });
  expect(result).toMatchObject({ status: 'succeeded', rows: 3, error: null });
  await expectGolden('golden', [...withoutInterval, 'iv']);
});

test('every type but INTERVAL comes by Storage Read without losing anything, in the bytes of REST', async () => {
  lab.control.reset();
  const facts = { source_table: 'golden', primary_key: ['id'], options: { columns: withoutInterval } };
  const result = await lab.sync(lab.table('by_storage', facts));
  expect(result).toMatchObject({ status: 'succeeded', rows: 3, error: null });
  expect(lab.control.count('ReadRows')).toBeGreaterThan(0);
  expect(lab.control.count('jobs.insert')).toBe(0);
  await expectGolden('by_storage', withoutInterval);
  await lab.sync(lab.table('by_rest', facts), { storage_read: 'never' });
  expect((await lab.published('by_storage')).parts).toEqual((await lab.published('by_rest')).parts);
});

test('a table with an INTERVAL comes by a query, which is said', async () => {
  lab.control.reset();
  const report = await lab.extract([lab.table('routed', { source_table: 'golden', primary_key: ['id'] })]);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 3 });
  expect(report.notes.join()).toContain(
    'routed is read by a query: Storage Read does not hold every INTERVAL, as in iv',
  );
  expect(lab.control.count('ReadRows')).toBe(0);
  expect((await lab.published('routed')).parts).toEqual((await lab.published('golden')).parts);
});

test('both paths give the same rows, also for many rows with NULLs, nothing and nested values', async () => {
  await lab.control.table({
    project: 'lab',
    dataset: 'd',
    table: 'mixed',
    schema: [
      { name: 'id', type: 'INT64', mode: 'REQUIRED' },
      { name: 'n', type: 'INT64' },
      { name: 'f', type: 'FLOAT64' },
      { name: 'b', type: 'BOOL' },
      { name: 's', type: 'STRING' },
      { name: 'd', type: 'DATE' },
      { name: 'ts', type: 'TIMESTAMP' },
      { name: 'num', type: 'NUMERIC' },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
      {
        name: 'lines',
        type: 'STRUCT',
        mode: 'REPEATED',
        fields: [
          { name: 'k', type: 'INT64' },
          { name: 'parts', type: 'FLOAT64', mode: 'REPEATED' },
        ],
      },
    ],
    fromDuck: `SELECT i AS id, CASE WHEN i % 3 = 0 THEN NULL ELSE i * 1000000007 END, CASE WHEN i % 5 = 0 THEN NULL ELSE i / 7 END,
      CASE WHEN i % 4 = 0 THEN NULL ELSE i % 2 = 0 END, CASE WHEN i % 11 = 0 THEN NULL WHEN i % 7 = 0 THEN '' ELSE repeat('ž', (i % 40)::INT) || i END,
      CASE WHEN i % 6 = 0 THEN NULL ELSE DATE '2000-01-01' + (i % 9000)::INT END,
      CASE WHEN i % 8 = 0 THEN NULL ELSE TIMESTAMPTZ '2020-01-01 00:00:00+00' + i * INTERVAL 1 MICROSECOND END,
      CASE WHEN i % 9 = 0 THEN NULL ELSE (i * 1.000000001)::DECIMAL(38,9) - 10000 END,
      list_transform(range((i % 4)::BIGINT), lambda x: 't' || x),
      list_transform(range((i % 3)::BIGINT), lambda x: {'k': CASE WHEN x = 1 THEN NULL ELSE x + i END, 'parts': list_transform(range(x), lambda y: y / 2)})
      FROM range(30000) r(i)`,
  });
  const byStorage = await lab.sync(lab.table('mixed', { primary_key: ['id'] }));
  const files = (await lab.published('mixed')).parts;
  const alone = lab.table('mixed_by_rest', { source_table: 'mixed', primary_key: ['id'] });
  const byRest = await lab.sync(alone, { storage_read: 'never' });
  expect([byStorage.rows, byRest.rows]).toEqual([30_000, 30_000]);
  const sum = 'SELECT count(*) AS n, bit_xor(hash(t)) AS h FROM t';
  expect((await lab.published('mixed', sum)).rows).toEqual((await lab.published('mixed_by_rest', sum)).rows);
  expect(files.length).toBeGreaterThan(1);
});
