/** Tables that are not ordinary: empty, aliases, linked, external, wide; chosen columns, conditions, headers, remote. */
import { afterEach, describe, expect, test } from 'vitest';
import { type KeboolaSource, keboolaSource, keboolaTable } from '../../helpers/keboola-source.ts';

let source: KeboolaSource;
afterEach(() => source.stop());

const orders = 'in.c-main.orders';
const lastExport = () =>
  JSON.parse(source.double.control.calls('export').at(-1)?.body ?? '{}') as Record<string, unknown>;

test.each(['no-entries', 'zero-byte-slice', 'empty-gz-slice'] as const)(
  'an empty table (%s) is published with its columns',
  async (emptyExport) => {
    source = await keboolaSource({ emptyExport });
    await source.double.control.project.createTable({
      id: orders,
      columns: ['id', { name: 'n', metadata: [{ key: 'KBC.datatype.basetype', value: 'INTEGER' }] }],
      rows: [],
    });
    expect((await source.extract(['orders'])).tables[0]).toMatchObject({
      status: 'succeeded',
      rows: 0,
      error: null,
    });
    expect(
      await source.query("SELECT string_agg(column_name || ' ' || column_type, ', ') AS c FROM (DESCRIBE orders)"),
    ).toEqual([{ c: 'id VARCHAR, n BIGINT' }]);
  },
);

test('an empty typed table as Parquet is published too', async () => {
  source = await keboolaSource();
  await source.double.control.project.createTable({
    id: orders,
    columns: [{ name: 'id', type: 'NUMBER', length: '38,0' }],
    rows: [],
  });
  expect((await source.extract(['orders'])).tables[0]).toMatchObject({ status: 'succeeded', rows: 0 });
});

test('aliases and linked tables are read each time, with the types of their source', async () => {
  source = await keboolaSource();
  const { project, otherProject } = source.double.control;
  const columns = [
    { name: 'id', type: 'NUMBER', length: '38,0' },
    { name: 'name', type: 'VARCHAR' },
  ];
  await project.createTable({
    id: orders,
    columns,
    rows: [
      ['1', 'a'],
      ['2', 'b'],
    ],
  });
  project.createAlias({ id: 'out.c-views.some', source: orders, columns: ['name'] });
  await otherProject.createTable({ id: 'in.c-shared.items', columns, rows: [['5', 'e']] });
  project.createBucket({ id: 'in.c-linked', linkedTo: { project: otherProject, bucketId: 'in.c-shared' } });
  const tables = [keboolaTable('some', { bucket: 'out.c-views' })];
  expect((await source.extract(tables)).tables[0]).toMatchObject({ status: 'succeeded', rows: 2 });
  const before = source.double.control.calls('export').length;
  expect((await source.extract(tables)).tables[0]).toMatchObject({ status: 'unchanged', rows: 2 });
  expect(source.double.control.calls('export').length).toBe(before + 1);
});

test('an external table has no counts and is read all the same', async () => {
  source = await keboolaSource();
  await source.double.control.project.createTable({ id: orders, columns: ['id'], isExternal: true, rows: [['1']] });
  expect((await source.extract(['orders'])).tables[0]).toMatchObject({ status: 'succeeded', rows: 1 });
});

test('300 columns, names in two cases, keywords and odd keys', async () => {
  source = await keboolaSource();
  const names = [...Array.from({ length: 297 }, (_, n) => `col_${n}`), 'Select', 'select', '_timestamp2'];
  await source.double.control.project.createTable({
    id: orders,
    columns: names,
    rows: [names.map((name) => `v ${name}`)],
  });
  const [result] = (await source.extract(['orders'])).tables;
  expect(result).toMatchObject({ status: 'succeeded', rows: 1 });
  expect(result?.warnings.join()).toMatch(/column select is named select_2/);
  expect(await source.query('SELECT col_296, "Select", select_2 FROM orders')).toEqual([
    { col_296: 'v col_296', Select: 'v Select', select_2: 'v select' },
  ]);
});

test('only the chosen columns travel, in the order of the table', async () => {
  source = await keboolaSource();
  await source.double.control.project.createTable({ id: orders, columns: ['a', 'b', 'c'], rows: [['1', '2', '3']] });
  await source.extract([keboolaTable('orders', { options: { columns: ['c', 'a'] } })]);
  expect(lastExport().columns).toBe('a,c');
  expect(await source.query('SELECT * FROM orders')).toEqual([{ a: '1', c: '3' }]);
});

test('a slice that begins with the names of the columns loses that record, and says so', async () => {
  source = await keboolaSource({ isSliced: false, unslicedHeader: true });
  await source.double.control.project.createTable({
    id: orders,
    columns: ['id', 'name'],
    rows: [
      ['1', 'a'],
      ['2', 'b'],
    ],
  });
  const report = await source.extract(['orders']);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 2 });
  expect(report.notes.join()).toMatch(/begin with the names of the columns/);
});

test('a branch is read under its own number', async () => {
  source = await keboolaSource({}, { branch: 102 });
  await source.double.control.project.createTable({ id: orders, columns: ['id'], branchId: 102, rows: [['7']] });
  expect((await source.extract(['orders'])).tables[0]).toMatchObject({ status: 'succeeded', rows: 1 });
});

describe('conditions', () => {
  test('are filtered by the service, numbers as numbers, dates from placeholders', async () => {
    source = await keboolaSource();
    const today = new Date().toISOString().slice(0, 10);
    await source.double.control.project.createTable({
      id: orders,
      columns: [{ name: 'n', metadata: [{ key: 'KBC.datatype.basetype', value: 'INTEGER' }] }, 'day', 'kind'],
      rows: [
        ['9', today, 'a'],
        ['10', today, 'b'],
        ['11', '2001-01-01', 'a'],
        ['12', today, 'c'],
      ],
    });
    const where = [
      { column: 'n', op: 'gt' as const, value: 9 },
      { column: 'day', op: 'ge' as const, value: '{{last_month}}' },
      { column: 'kind', op: 'in' as const, value: ['a', 'b'] },
    ];
    expect((await source.extract([keboolaTable('orders', { options: { where } })])).tables[0]).toMatchObject({
      status: 'succeeded',
      rows: 1,
    });
    expect(lastExport().whereFilters).toMatchObject([
      { column: 'n', operator: 'gt', values: ['9'], dataType: 'INTEGER' },
      { operator: 'ge' },
      { operator: 'eq', values: ['a', 'b'] },
    ]);
    expect(await source.query('SELECT kind FROM orders')).toEqual([{ kind: 'b' }]);
  });

  test('a condition that is written as a number compares numbers, also in a column of text', async () => {
    source = await keboolaSource();
    await source.double.control.project.createTable({ id: orders, columns: ['n'], rows: [['9'], ['10'], ['101']] });
    const where = [{ column: 'n', op: 'gt' as const, value: 9 }];
    const report = await source.extract([keboolaTable('orders', { options: { where } })]);
    expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 2 });
    expect(lastExport().whereFilters).toMatchObject([{ dataType: 'DOUBLE' }]);
  });

  test.each([
    [
      { column: 'id', op: 'eq', value: '{{last_mont}}' },
      /no placeholder \{\{last_mont\}\}.*|Did you mean \{\{last_month\}\}/,
    ],
    [{ column: 'nope', op: 'eq', value: 'x' }, /no such column/],
    [{ column: 'id', op: 'is_null' }, /knows no is_null/],
    [{ column: 'id', op: 'gt', value: ['1', '2'] }, /takes one value/],
    [{ column: 'geo', op: 'eq', value: 'x' }, /cannot filter by it/],
  ] as const)('%o is refused', async (clause, reason) => {
    source = await keboolaSource();
    await source.double.control.project.createTable({
      id: orders,
      columns: [
        { name: 'id', type: 'VARCHAR' },
        { name: 'geo', type: 'VARCHAR', canBeFiltered: false },
      ],
      rows: [],
    });
    const table = keboolaTable('orders', {
      options: { where: [{ ...clause, value: 'value' in clause ? (clause.value as string) : undefined }] },
    });
    const [result] = (await source.extract([table])).tables;
    expect(result?.error?.code).toBe('options_invalid');
    expect(`${result?.error?.message} ${result?.error?.hint}`).toMatch(reason);
    expect(source.double.control.calls('export')).toEqual([]);
  });
});

test('a count that is wrong by itself can be overruled, and is reported', async () => {
  source = await keboolaSource();
  await source.double.control.project.createTable({ id: orders, columns: ['id'], rows: [['1'], ['2']] });
  source.double.control.project.pretend(orders, { rowsCount: 3 });
  expect((await source.extract(['orders'])).tables[0]).toMatchObject({
    status: 'failed',
    error: { code: 'rows_missing' },
  });
  const report = await source.extract([keboolaTable('orders', { options: { strict_counts: false } })]);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 2 });
  expect(report.notes.join()).toMatch(/has 3 rows and sent 2.*Published all the same/s);
});

test('a remote table is not brought: the catalogue says how it is attached, by the name of a variable', async () => {
  source = await keboolaSource();
  await source.double.control.project.createTable({
    id: orders,
    columns: [{ name: 'id', type: 'NUMBER', length: '38,0' }],
    rows: [['1']],
  });
  const report = await source.extract([keboolaTable('orders', { query_mode: 'remote' })]);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 0 });
  expect(report.tables[0]?.warnings.join()).toMatch(/duckdb.extension_directories/);
  expect(await source.query('SELECT * FROM _remote_attach')).toEqual([
    { alias: 'keboola_remote', extension: 'keboola', url: source.double.url, token_env: 'KEBOOLA_STORAGE_TOKEN' },
  ]);
  expect(await source.query('SELECT table_name, query_mode FROM _meta')).toEqual([
    { table_name: 'orders', query_mode: 'remote' },
  ]);
  expect(source.double.control.calls('export')).toEqual([]);
});
