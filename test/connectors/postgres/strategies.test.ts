import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { tableRequest } from '../../helpers/extract-request.ts';
import { startTestPostgres, type TestPostgres } from '../../helpers/postgres-server.ts';
import { type PostgresSource, postgresSource } from '../../helpers/postgres-source.ts';

let server: TestPostgres;
let client: pg.Client;
let source: PostgresSource;

beforeAll(async () => {
  server = await startTestPostgres();
});

afterAll(() => server?.stop());

beforeEach(async () => {
  client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  source = await postgresSource({ url: server.url });
});

afterEach(async () => {
  await client.end();
  await source.remove();
});

const orders = (options: object = {}) =>
  tableRequest('orders', {
    primary_key: ['id'],
    sync_strategy: 'incremental',
    options: { cursor: 'changed', ...options },
  });

/** Both sides as text, sorted: equal means equal. */
async function expectEqual(): Promise<void> {
  const { rows } = await client.query(
    "SELECT id::text, name, to_char(changed AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS changed FROM orders ORDER BY orders.id",
  );
  expect(
    await source.query(
      "SELECT id::VARCHAR AS id, name, strftime(changed, '%Y-%m-%d %H:%M:%S.%f') AS changed FROM orders ORDER BY orders.id",
    ),
  ).toEqual(rows);
}

const create = `CREATE TABLE orders (id bigint PRIMARY KEY, name text, changed timestamptz NOT NULL);
  INSERT INTO orders SELECT i, 'n' || i, now() - interval '1 day' + i * interval '1 second' FROM generate_series(1, 500) i`;

test('an increment brings what changed, to the microsecond, and drops what was deleted', async () => {
  await client.query(create);
  await source.extract([orders()]);
  await client.query(
    "UPDATE orders SET name = 'new', changed = now() WHERE id = 7; INSERT INTO orders VALUES (900, 'x', now()); DELETE FROM orders WHERE id = 8",
  );
  const report = await source.extract([orders()]);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 500 });
  // The count told that a row is gone.
  expect(report.notes.join()).toContain('read in full');
  await expectEqual();
  await client.query(
    "UPDATE orders SET name = 'newer', changed = now() WHERE id = 9; DELETE FROM orders WHERE id = 10",
  );
  const found = await source.extract([orders({ detect_deletes: true })]);
  expect(found.tables[0]).toMatchObject({ status: 'succeeded', rows: 499 });
  await expectEqual();
});

test('a transaction that began before the watermark and commits after it is found by the overlap', async () => {
  await client.query(create);
  const late = new pg.Client({ connectionString: server.url });
  await late.connect();
  await late.query('BEGIN');
  await late.query("INSERT INTO orders VALUES (1000, 'late', now())");
  await client.query("INSERT INTO orders VALUES (1001, 'early', clock_timestamp() + interval '1 second')");
  await source.extract([orders()]);
  await late.query('COMMIT');
  await late.end();
  const report = await source.extract([orders()]);
  expect(report.notes).toEqual([]);
  await expectEqual();
});

test('only the months that changed are read again, and a row that moves leaves no ghost', async () => {
  const monthly = tableRequest('orders', {
    primary_key: ['id'],
    sync_strategy: 'partitioned',
    options: { partition_by: 'changed', granularity: 'month' },
  });
  await client.query(`CREATE TABLE orders (id bigint PRIMARY KEY, name text, changed timestamptz);
    INSERT INTO orders SELECT i, 'n' || i, timestamptz '2024-01-15 00:00:00+00' + i * interval '1 day' FROM generate_series(0, 99) i;
    INSERT INTO orders VALUES (500, 'never', NULL), (501, 'for ever', 'infinity')`);
  await source.extract([monthly]);
  const before = (await source.catalogue()).tables.get('orders')!;
  expect(before.parts).toHaveLength(6);
  expect((await source.extract([monthly])).tables[0]).toMatchObject({
    status: 'unchanged',
    warnings: ['no partition has changed since the last sync'],
  });
  await client.query("UPDATE orders SET changed = '2024-02-10 00:00:00+00' WHERE id = 0");
  const report = await source.extract([monthly]);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 102 });
  const after = (await source.catalogue()).tables.get('orders')!;
  expect(after.parts.filter((part) => before.parts.some((old) => old.sha256 === part.sha256))).toHaveLength(4);
  await client.query(
    "DELETE FROM orders WHERE changed >= '2024-04-01'; UPDATE orders SET name = 'silent' WHERE id = 20",
  );
  await source.extract([monthly]);
  const rows = (sql: string) => client.query(sql).then((answer) => answer.rows);
  expect(await source.query('SELECT id::VARCHAR AS id, name FROM orders ORDER BY orders.id')).toEqual(
    await rows('SELECT id::text, name FROM orders ORDER BY orders.id'),
  );
});

test('a plan estimates rows and bytes, also of a table that was never analysed', async () => {
  await client.query(create);
  expect(await source.plan(orders())).toMatchObject({
    action: 'full',
    reason: 'this is the first read',
    rows: expect.any(Number),
    bytes: expect.any(Number),
  });
  await client.query('ANALYZE orders');
  expect(await source.plan(tableRequest('orders'))).toMatchObject({ action: 'full', rows: 500 });
  const monthly = tableRequest('orders', {
    sync_strategy: 'partitioned',
    options: { partition_by: 'changed', granularity: 'day' },
  });
  await source.extract([monthly]);
  expect(await source.plan(monthly)).toMatchObject({ action: 'unchanged' });
  await client.query("INSERT INTO orders VALUES (9000, 'x', '2020-01-01'); ANALYZE orders");
  expect(await source.plan(monthly)).toMatchObject({ action: 'changes', range: { values: ['2020-01-01'] } });
});

test.each([
  ['numeric(12,2)', "'NaN'", '1.10'],
  ['numeric', "'NaN'", '1.10'],
  ['float8', "'NaN'", '1.5'],
  ['timestamptz', "'294276-12-31 23:59:59+00'", "'infinity'"],
])(
  'deletions are found by keys as they are published: %s with a value that its own type cannot keep',
  async (type, odd, plain) => {
    await client.query(`CREATE TABLE orders (id ${type} PRIMARY KEY, name text, changed timestamptz NOT NULL);
    INSERT INTO orders SELECT k::${type}, 'a', now() FROM (VALUES (${odd}::${type}), (${plain}::${type})) AS keys(k)`);
    const deleting = orders({ detect_deletes: true });
    expect((await source.extract([deleting])).tables[0]).toMatchObject({ status: 'succeeded', rows: 2 });
    await client.query(
      `UPDATE orders SET name = 'b', changed = now() WHERE id = ${odd}::${type}; DELETE FROM orders WHERE id = ${plain}::${type}`,
    );
    const changed = await source.extract([deleting]);
    expect(changed).toMatchObject({ tables: [{ status: 'succeeded', rows: 1, error: null }], notes: [] });
    expect(await source.query('SELECT name FROM orders')).toEqual([{ name: 'b' }]);
  },
);

test('a key that no longer fits its type, behind the increment, widens its own column and no other', async () => {
  await client.query(`CREATE TABLE orders (note numeric(9,2), id numeric(12,2) PRIMARY KEY, changed timestamptz NOT NULL);
    INSERT INTO orders VALUES (1, 1, now()), (2, 2, now())`);
  const deleting = orders({ detect_deletes: true, overlap: 0 });
  await source.extract([deleting]);
  await client.query("INSERT INTO orders VALUES (3, 'NaN', '2020-01-01')");
  expect((await source.extract([deleting])).tables[0]).toMatchObject({ status: 'succeeded', rows: 3, error: null });
  const types = (await source.catalogue()).tables.get('orders')!.record!.columns.map(({ type }) => type);
  expect(types.slice(0, 2)).toEqual(['DECIMAL(9,2)', 'VARCHAR']);
});
