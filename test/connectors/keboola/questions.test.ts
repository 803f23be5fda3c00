/** Check, discovery and registration: what they prove and what they show. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KeboolaSource, keboolaSource, keboolaTable } from '../../helpers/keboola-source.ts';

let source: KeboolaSource;
beforeEach(async () => {
  source = await keboolaSource();
});
afterEach(() => source.stop());

const orders = 'in.c-main.orders';

test('a check names the project and its rights, and never the token', async () => {
  const report = await source.ask({ kind: 'check' });
  expect(report.summary).toBe('Keboola project 4711 (Double), snowflake, all buckets');
  expect(report.facts).toMatchObject({
    project_id: '4711',
    backend: 'snowflake',
    file_storage: 'aws',
    branch: 'default',
    parallel_jobs: 10,
  });
  expect(report.warnings.join()).toMatch(/master token/);
  expect(JSON.stringify(report)).not.toContain(source.token);
  source.token = source.double.tokens.readOneBucket;
  expect(await source.ask({ kind: 'check' })).toMatchObject({
    summary: 'Keboola project 4711 (Double), snowflake, 1 bucket',
    facts: { rights: 'in.c-main: read' },
    warnings: [],
  });
});

test('discovery lists buckets with tables, types, keys, sizes, aliases and linked ones', async () => {
  const { project, otherProject } = source.double.control;
  await project.createTable({
    id: orders,
    columns: [
      { name: 'id', type: 'NUMBER', length: '38,0', nullable: false },
      { name: 'amount', type: 'NUMBER', length: '12,2' },
    ],
    primaryKey: ['id'],
    metadata: [{ key: 'KBC.description', value: 'All orders.' }],
    rows: [['1', '2.50']],
  });
  project.createAlias({ id: 'out.c-views.Some Orders', source: orders, columns: ['id'] });
  await otherProject.createTable({ id: 'in.c-shared.items', columns: ['id'], rows: [['5']] });
  project.createBucket({ id: 'in.c-linked', linkedTo: { project: otherProject, bucketId: 'in.c-shared' } });
  const found = await source.ask({ kind: 'discover' });
  expect(
    found.map(({ bucket, source_table, name, kind, rows }) => ({ bucket, source_table, name, kind, rows })),
  ).toEqual([
    { bucket: 'in.c-linked', source_table: 'items', name: 'items', kind: 'linked table', rows: 1 },
    { bucket: 'in.c-main', source_table: 'orders', name: 'orders', kind: 'typed table', rows: 1 },
    { bucket: 'out.c-views', source_table: 'Some Orders', name: 'some_orders', kind: 'alias', rows: 1 },
  ]);
  expect(found[1]).toMatchObject({
    description: 'All orders.',
    primary_key: ['id'],
    columns: [
      { name: 'id', source_type: 'NUMBER(38,0)', type: 'BIGINT' },
      { name: 'amount', source_type: 'NUMBER(12,2)', type: 'DECIMAL(12,2)' },
    ],
  });
});

test('registration takes the key and the columns from the service', async () => {
  await source.double.control.project.createTable({
    id: orders,
    columns: ['id', { name: 'n', metadata: [{ key: 'KBC.datatype.basetype', value: 'INTEGER' }] }],
    primaryKey: ['id'],
    timestampType: 'NONE',
  });
  const settled = await source.ask({ kind: 'settle', table: keboolaTable('orders', { sync_strategy: 'incremental' }) });
  expect(settled).toMatchObject({
    primary_key: ['id'],
    columns: [
      { name: 'id', type: 'VARCHAR' },
      { name: 'n', type: 'BIGINT' },
    ],
  });
  expect(settled.notes.join('\n')).toMatch(/types only claimed by metadata: 1;.*\n.*read in full each time/);
});

test('registration refuses what the service does not have or could not serve', async () => {
  await source.double.control.project.createTable({ id: orders, columns: ['id'], rows: [] });
  const settle = (facts: Parameters<typeof keboolaTable>[1]) =>
    source.ask({ kind: 'settle', table: keboolaTable('orders', facts) });
  await expect(settle({ source_table: 'nothing' })).rejects.toMatchObject({ code: 'source_missing' });
  await expect(settle({ options: { columns: ['nope'] } })).rejects.toMatchObject({ code: 'options_invalid' });
  await expect(
    settle({ options: { where: [{ column: 'id', op: 'eq', value: '{{tomorrow}}' }] } }),
  ).rejects.toMatchObject({ code: 'options_invalid' });
  await expect(settle({ query_mode: 'remote', options: { columns: ['id'] } })).rejects.toMatchObject({
    code: 'options_invalid',
  });
});
