/** Full reads over three clouds and both backends, through the real child process and a strict service. */
import { afterEach, describe, expect, test } from 'vitest';
import { type KeboolaSource, keboolaSource, keboolaTable } from '../../helpers/keboola-source.ts';

let source: KeboolaSource;
afterEach(() => source.stop());

const orders = 'in.c-main.orders';

const typed = [
  { name: 'id', type: 'NUMBER', length: '38,0', nullable: false },
  { name: 'amount', type: 'NUMBER', length: '12,2' },
  { name: 'name', type: 'VARCHAR' },
  { name: 'ok', type: 'BOOLEAN' },
  { name: 'day', type: 'DATE' },
  { name: 'at', type: 'TIMESTAMP_NTZ', length: '9' },
];
const typedRows = [
  ['1', '1.50', '', 'true', '2024-02-03', '2024-02-03 04:05:06.789012'],
  ['2', '-1234567890.12', 'a "b", c\r\nd', 'false', null, null],
  ['12345678', null, null, null, '1999-12-31', '1999-12-31 23:59:59'],
];
const published = [
  { id: '1', amount: '1.50', name: '', ok: true, day: '2024-02-03', at: '2024-02-03 04:05:06.789012' },
  { id: '2', amount: '-1234567890.12', name: 'a "b", c\r\nd', ok: false, day: null, at: null },
  { id: '12345678', amount: null, name: null, ok: null, day: '1999-12-31', at: '1999-12-31 23:59:59' },
];

describe.each([
  ['snowflake', 'aws'],
  ['snowflake', 'gcp'],
  ['snowflake', 'azure'],
  ['bigquery', 'gcp'],
] as const)('a typed table on %s with files in %s', (backend, fileProvider) => {
  test('arrives exact, whole and typed', async () => {
    source = await keboolaSource({ backend, fileProvider, sliceRows: 2 });
    await source.double.control.project.createTable({
      id: orders,
      columns: typed,
      primaryKey: ['id'],
      rows: typedRows,
    });
    const report = await source.extract([keboolaTable('orders', { primary_key: ['id'] })]);
    expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 3, error: null, warnings: [] });
    expect(await source.query('SELECT * FROM orders ORDER BY id')).toEqual(published);
    expect(
      await source.query(
        "SELECT string_agg(column_name || ' ' || column_type, ', ') AS columns FROM (DESCRIBE orders)",
      ),
    ).toEqual([{ columns: 'id BIGINT, amount DECIMAL(12,2), name VARCHAR, ok BOOLEAN, day DATE, at TIMESTAMP' }]);
  });
});

describe.each(['aws', 'gcp', 'azure'] as const)('a classic table with files in %s', (fileProvider) => {
  test('arrives slice by slice, and a second run finds it unchanged', async () => {
    source = await keboolaSource({ fileProvider, sliceRows: 1 });
    const rows = Array.from({ length: 13 }, (_, n) => [String(n), `name ${n}`]);
    await source.double.control.project.createTable({ id: orders, columns: ['id', 'name'], primaryKey: ['id'], rows });
    const table = keboolaTable('orders', { primary_key: ['id'] });
    expect((await source.extract([table])).tables[0]).toMatchObject({ status: 'succeeded', rows: 13 });
    expect(await source.query('SELECT id, name FROM orders ORDER BY id::INT')).toEqual(
      rows.map(([id, name]) => ({ id, name })),
    );
    expect(source.double.control.calls('slice').length).toBe(13);
    expect((await source.extract([table])).tables[0]).toMatchObject({ status: 'unchanged', rows: 13 });
    expect(source.double.control.calls('export').length).toBe(1);
  });
});
