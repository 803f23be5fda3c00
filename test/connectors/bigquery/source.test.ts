/** What the source says of itself, without running a billed query. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Lab } from './lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.open();
  const { control } = lab;
  control.dataset({ project: 'lab', dataset: 'other' });
  await control.table({
    project: 'lab',
    dataset: 'd',
    table: 'orders',
    description: 'All orders',
    schema: [
      { name: 'id', type: 'INT64', mode: 'REQUIRED' },
      { name: 'day', type: 'DATE' },
      { name: 'amount', type: 'NUMERIC', precision: '12', scale: '2' },
    ],
    timePartitioning: { type: 'DAY', field: 'day' },
    clustering: ['id'],
    rows: [{ id: 1, day: '2024-01-01', amount: '1.5' }],
  });
  await control.table({ project: 'lab', dataset: 'd', table: 'big_orders', query: 'SELECT id FROM lab.d.orders' });
  await control.table({ project: 'lab', dataset: 'other', table: 'x', schema: [{ name: 'a', type: 'STRING' }] });
});
afterAll(() => lab?.close());
afterEach(() => {
  for (const permission of ['bigquery.readsessions.create', 'bigquery.tables.list', 'bigquery.jobs.create'] as const)
    lab.control.allow(permission);
  expect(lab.control.violations()).toEqual([]);
});

test('discovery lists tables with partitioning, clustering, sizes and last change, and bills nothing', async () => {
  lab.control.reset();
  const tables = await lab.ask({ kind: 'discover' });
  expect(tables.map((table) => `${table.bucket}.${table.source_table} ${table.kind}`)).toEqual([
    'd.big_orders view',
    'd.orders table',
    'other.x table',
  ]);
  expect(tables[1]).toMatchObject({
    name: 'orders',
    description: 'All orders',
    rows: 1,
    columns: [
      { name: 'id', source_type: 'INT64', type: 'BIGINT', nullable: false },
      { name: 'day', source_type: 'DATE', type: 'DATE', nullable: true },
      { name: 'amount', source_type: 'NUMERIC(12, 2)', type: 'DECIMAL(12,2)', nullable: true },
    ],
    facts: { partitioned_by: 'day of day', clustered_by: 'id', location: 'EU' },
  });
  expect(tables[1]?.size_bytes).toBeGreaterThan(0);
  expect(Date.parse(String(tables[1]?.facts?.last_change))).toBeGreaterThan(0);
  expect(tables[0]).toMatchObject({ rows: null, size_bytes: null });
  expect(lab.control.count('jobs.insert')).toBe(0);
  expect(lab.control.billedBytes()).toBe(0);
});

test('only the datasets of the allow-list are seen and read', async () => {
  const tables = await lab.ask({ kind: 'discover' }, { datasets: ['other'] });
  expect(tables.map((table) => table.source_table)).toEqual(['x']);
  const result = await lab.sync(lab.table('orders'), { datasets: ['other'] });
  expect(result).toMatchObject({ status: 'failed', error: { code: 'source_forbidden' } });
  expect(result.error?.hint).toContain('`datasets`');
});

test('a check says who we are there and bills nothing', async () => {
  lab.control.reset();
  const report = await lab.ask({ kind: 'check' });
  expect(report.summary).toBe('BigQuery project lab as reader@example.iam.gserviceaccount.com, 2 datasets, 3 tables');
  expect(report.facts).toMatchObject({ may_query: true, may_read: true });
  expect(lab.control.billedBytes()).toBe(0);
});

test('a check fails with the roles to grant when queries may not be run', async () => {
  lab.control.deny('bigquery.jobs.create');
  await expect(lab.ask({ kind: 'check' })).rejects.toMatchObject({
    code: 'source_forbidden',
    hint: expect.stringContaining('roles/bigquery.jobUser'),
  });
});

test.each([
  [{ api_endpoint: 'http://bigquery.example.com' }, 'api_endpoint'],
  [{ credentials_env: 'KEY', credentials_file: '/key.json' }, 'credentials_file'],
  [{ credentials: 'default', credentials_env: 'KEY' }, 'credentials'],
  [{ max_bytes_per_run: 'much' }, 'max_bytes_per_run'],
])('settings that cannot be right are refused: %o', async (given, key) => {
  const { settings } = await import('../../../src/connectors/bigquery/settings.ts');
  const parsed = settings.safeParse({ project: 'lab', ...given });
  expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([key]);
});
