/** Changes by import time, merged by key: no cursor, nothing lost, everything anew when counts disagree. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KeboolaSource, keboolaSource, keboolaTable } from '../../helpers/keboola-source.ts';

const orders = 'in.c-main.orders';
const table = keboolaTable('orders', { primary_key: ['id'], sync_strategy: 'incremental' });
let source: KeboolaSource;

beforeEach(async () => {
  source = await keboolaSource({ sliceRows: 3 });
  await source.double.control.project.createTable({
    id: orders,
    columns: ['id', 'name'],
    primaryKey: ['id'],
    rows: Array.from({ length: 6 }, (_, n) => [String(n + 1), `name ${n + 1}`]),
  });
});
afterEach(() => source.stop());

async function sync() {
  const report = await source.extract([table]);
  source.double.control.clock.advance(3_600_000);
  return { ...report.tables[0], notes: report.notes.join('\n') };
}

async function published(): Promise<string[]> {
  const rows = await source.query<{ row: string }>("SELECT id || '=' || name AS row FROM orders ORDER BY id");
  return rows.map(({ row }) => row);
}

const lastExport = () =>
  JSON.parse(source.double.control.calls('export').at(-1)?.body ?? '{}') as Record<string, unknown>;

test('a key and the strategy suffice: changed and new rows are asked for and merged', async () => {
  expect(await sync()).toMatchObject({ status: 'succeeded', rows: 6 });
  expect(lastExport()).not.toHaveProperty('changedSince');
  const importedAt = source.double.control.project.table(orders).lastImportMs ?? 0;
  await source.double.control.project.load(
    orders,
    [
      ['2', 'changed'],
      ['7', 'new'],
    ],
    { incremental: true },
  );
  expect(await sync()).toMatchObject({ status: 'succeeded', rows: 7, notes: '' });
  expect(lastExport().changedSince).toBe(Math.floor(importedAt / 1000) - 60);
  expect(await published()).toEqual(['1=name 1', '2=changed', '3=name 3', '4=name 4', '5=name 5', '6=name 6', '7=new']);
});

test('nothing imported means nothing asked for', async () => {
  await sync();
  const exports = source.double.control.calls('export').length;
  expect(await sync()).toMatchObject({ status: 'unchanged', rows: 6 });
  expect(source.double.control.calls('export').length).toBe(exports);
});

test('deleted rows show in the count, and everything is read anew in the same run', async () => {
  await sync();
  await source.double.control.project.deleteRows(orders, 'id', ['3']);
  await source.double.control.project.load(orders, [['8', 'eight']], { incremental: true });
  expect(await sync()).toMatchObject({
    status: 'succeeded',
    rows: 6,
    notes: expect.stringMatching(/read in full: the source has 6 rows and the merged table 7/),
  });
  expect(await published()).toEqual(['1=name 1', '2=name 2', '4=name 4', '5=name 5', '6=name 6', '8=eight']);
});

test('deletions alone are seen too', async () => {
  await sync();
  await source.double.control.project.deleteRows(orders, 'id', ['1', '6']);
  expect(await sync()).toMatchObject({ status: 'succeeded', rows: 4 });
  expect(await published()).toEqual(['2=name 2', '3=name 3', '4=name 4', '5=name 5']);
});

test('a full load of the service replaces what was there', async () => {
  await sync();
  await source.double.control.project.load(orders, [
    ['1', 'first'],
    ['9', 'ninth'],
  ]);
  expect(await sync()).toMatchObject({ status: 'succeeded', rows: 2 });
  expect(await published()).toEqual(['1=first', '9=ninth']);
});

test('imports that come while a delta is exported are in the next one', async () => {
  await sync();
  await source.double.control.project.load(orders, [['7', 'seven']], { incremental: true });
  const { control } = source.double;
  const { faults } = await import('../../doubles/keboola-storage/index.ts');
  control.fail(
    'job',
    faults.meanwhile('an import', async () => {
      control.clock.advance(90_000);
      await control.project.load(orders, [['8', 'eight']], { incremental: true });
    }),
  );
  await sync();
  expect(await sync()).toMatchObject({ rows: 8 });
  expect((await published()).slice(-2)).toEqual(['7=seven', '8=eight']);
});

test('a new column, or another key, is followed by a full read', async () => {
  await sync();
  await source.double.control.project.addColumn(orders, 'note');
  await source.double.control.project.load(orders, [['1', 'one', 'x']], { incremental: true });
  expect(await sync()).toMatchObject({ status: 'succeeded', rows: 6, schema_changes: ['column note VARCHAR added'] });
  expect(await source.query("SELECT count(*)::INT AS n FROM orders WHERE note = 'x'")).toEqual([{ n: 1 }]);
});

test('a table without import times is read in full each time, and says so', async () => {
  await source.double.control.project.createTable({
    id: 'in.c-main.untimed',
    columns: ['id'],
    primaryKey: ['id'],
    timestampType: 'NONE',
    rows: [['1']],
  });
  const untimed = keboolaTable('untimed', { primary_key: ['id'], sync_strategy: 'incremental' });
  await source.extract([untimed]);
  source.double.control.clock.advance(3_600_000);
  await source.double.control.project.load('in.c-main.untimed', [['2']], { incremental: true });
  const report = await source.extract([untimed]);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 2 });
  expect(report.tables[0]?.warnings.join()).toMatch(/does not keep the times/);
});
