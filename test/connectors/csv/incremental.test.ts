/** The strategies over a folder of files: what comes of new, changed and removed ones. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import { askHere } from '../../helpers/extract-here.ts';
import { extractRequest } from '../../helpers/extract-request.ts';
import { Inbox } from './inbox.ts';

let inbox: Inbox;

beforeEach(async () => {
  inbox = await Inbox.create();
});

afterEach(() => inbox.remove());

type Given = Partial<Pick<TableRequest, 'primary_key' | 'sync_strategy'>> & { options?: Record<string, unknown> };

const registered = ({ options = {}, ...given }: Given) =>
  inbox.register('orders', '*.csv', options, { sync_strategy: 'incremental', ...given });
const merged = (options: Record<string, unknown> = {}) => registered({ primary_key: ['id'], options });
const content = async () =>
  (await inbox.query<{ row: string }>("SELECT concat_ws('|', id, name, changed) AS row FROM orders ORDER BY ALL")).map(
    ({ row }) => row,
  );
const lines = (...rows: string[]) => `id,name,changed\n${rows.map((row) => `${row}\n`).join('')}`;
const [day1, day2, day3] = ['2024-01-01', '2024-01-02', '2024-01-03'];
const parts = async () => (await inbox.published('orders')).parts.map((part) => part.sha256);
const remove = (name: string) => rm(join(inbox.path, name));

describe('append', () => {
  test('adds new files, replaces changed ones and drops those that are gone, keeping the parts of all others', async () => {
    await inbox.write('a.csv', lines(`1,a,${day1}`, `1,a,${day1}`));
    await inbox.write('b.csv', lines(`2,b,${day1}`));
    const table = await registered({ options: { mode: 'append' } });
    expect(await inbox.runOne(table)).toMatchObject({ status: 'succeeded', rows: 3 });
    const [a] = await parts();
    await inbox.write('b.csv', lines(`3,c,${day1}`));
    await inbox.write('c.csv', lines(`1,a,${day1}`));
    expect(await inbox.runOne(table)).toMatchObject({ status: 'succeeded', rows: 4 });
    expect(await content()).toEqual([`1|a|${day1}`, `1|a|${day1}`, `1|a|${day1}`, `3|c|${day1}`]);
    expect((await parts())[0]).toBe(a);
    await remove('b.csv');
    expect(await inbox.runOne(table)).toMatchObject({ status: 'succeeded', rows: 3 });
    expect(await inbox.runOne(table)).toMatchObject({ status: 'unchanged', warnings: ['no file changed'] });
  });

  test('reads every file anew when full_refresh_every is over, and publishes nothing new for the same rows', async () => {
    await inbox.write('a.csv', lines(`1,a,${day1}`));
    const table = await registered({ options: { full_refresh_every: '0s' } });
    await inbox.runOne(table);
    const before = await parts();
    expect(await inbox.runOne(table)).toMatchObject({ status: 'unchanged', warnings: [] });
    expect(await parts()).toEqual(before);
  });
});

describe('merge', () => {
  test('of rows with one key the one with the greatest cursor stays, whatever file it is in', async () => {
    await inbox.write('a.csv', lines(`1,newest,${day3}`, `2,old,${day1}`, `3,once,${day1}`, '4,without,'));
    await inbox.write('b.csv', lines(`1,older,${day2}`, `2,new,${day2}`, '4,later,'));
    const table = await merged({ cursor: 'changed' });
    expect(await inbox.runOne(table)).toMatchObject({ status: 'succeeded', rows: 4 });
    expect(await content()).toEqual([`1|newest|${day3}`, `2|new|${day2}`, `3|once|${day1}`, '4|later']);
  });

  test('of equal cursors the last file by name wins, and in it the last line; without a cursor that decides alone', async () => {
    await inbox.write('b.csv', lines(`1,first,${day1}`, `1,last,${day1}`, `2,first,${day2}`, `2,last,${day1}`));
    await inbox.write('a.csv', lines(`1,other,${day1}`, `2,other,${day3}`));
    await inbox.runOne(await merged({ cursor: 'changed' }));
    expect(await content()).toEqual([`1|last|${day1}`, `2|other|${day3}`]);
    await inbox.runOne(await merged());
    expect(await content()).toEqual([`1|last|${day1}`, `2|last|${day1}`]);
  });

  test('a new file that comes last is merged without reading the others again', async () => {
    await inbox.write('a.csv', lines(`1,a,${day2}`, `2,b,${day2}`, '3,c,'));
    const table = await merged({ cursor: 'changed' });
    await inbox.runOne(table);
    await inbox.write(
      'b.csv',
      lines(`1,lower,${day1}`, `2,equal,${day2}`, `3,greater,${day1}`, `4,new,${day1}`, '1,none,'),
    );
    const report = await inbox.run([table]);
    expect(report).toMatchObject({ notes: [], tables: [{ status: 'succeeded', rows: 4 }] });
    expect(await content()).toEqual([`1|a|${day2}`, `2|equal|${day2}`, `3|greater|${day1}`, `4|new|${day1}`]);
    expect(await inbox.runOne(table)).toMatchObject({ status: 'unchanged' });
  });

  test('older rows come back when the file that beat them changes or goes', async () => {
    await inbox.write('a.csv', lines(`1,old,${day1}`, `2,b,${day1}`));
    await inbox.write('b.csv', lines(`1,new,${day2}`, `3,only here,${day2}`));
    await inbox.write('c.csv', lines(`4,d,${day2}`));
    const table = await merged({ cursor: 'changed' });
    await inbox.runOne(table);
    expect(await content()).toEqual([`1|new|${day2}`, `2|b|${day1}`, `3|only here|${day2}`, `4|d|${day2}`]);
    await inbox.write('b.csv', lines(`3,only here,${day2}`));
    expect((await inbox.run([table])).notes).toEqual(['orders is read in full: b.csv changed']);
    expect(await content()).toEqual([`1|old|${day1}`, `2|b|${day1}`, `3|only here|${day2}`, `4|d|${day2}`]);
    await remove('b.csv');
    expect((await inbox.run([table])).notes).toEqual(['orders is read in full: b.csv is gone']);
    expect(await content()).toEqual([`1|old|${day1}`, `2|b|${day1}`, `4|d|${day2}`]);
    await inbox.write('aa.csv', lines(`2,between,${day1}`));
    await inbox.run([table]);
    expect(await content()).toEqual([`1|old|${day1}`, `2|between|${day1}`, `4|d|${day2}`]);
  });

  test('a new column in a new file is in the table, and rejected rows are told of until their file goes', async () => {
    await inbox.write('a.csv', lines(`1,a,${day1}`, `2,b,${day1}`));
    const table = await merged({ cursor: 'changed', max_reject_rows: 5 });
    await inbox.runOne(table);
    await inbox.write('b.csv', lines(`3,c,${day1}`, `x,d,${day1}`));
    expect(await inbox.runOne(table)).toMatchObject({ rows: 3, rejected: 1, rejects: [{ file: 'b.csv', line: 3 }] });
    await inbox.write('c.csv', `id,name,changed,extra\n1,a,${day2},7\n`);
    expect(await inbox.runOne(table)).toMatchObject({
      rows: 3,
      rejected: 1,
      schema_changes: ['column extra VARCHAR added'],
    });
    await inbox.write('d.csv', `id,name,changed,extra\n9,a,${day2},7\n`);
    expect(await inbox.runOne(table)).toMatchObject({ rows: 4, rejected: 1, rejects: [{ file: 'b.csv' }] });
    await remove('b.csv');
    expect(await inbox.runOne(table)).toMatchObject({ rows: 3, rejected: 0, rejects: [] });
  });

  test('a row without a key keeps the table as it was, and so does a bad file', async () => {
    await inbox.write('a.csv', lines(`1,a,${day1}`));
    const table = await merged({ cursor: 'changed' });
    await inbox.runOne(table);
    await inbox.write('b.csv', lines(`,b,${day1}`));
    expect(await inbox.runOne(table)).toMatchObject({
      status: 'failed',
      rows: 1,
      error: { code: 'source_data', message: expect.stringContaining('1 rows of orders have no value') },
    });
    await inbox.write('b.csv', '');
    expect(await inbox.runOne(table)).toMatchObject({ status: 'failed', rows: 1 });
    expect(await content()).toEqual([`1|a|${day1}`]);
  });

  test('many runs end in the same parts as one', async () => {
    for (const [name, from] of [
      ['a.csv', 0],
      ['b.csv', 50],
      ['c.csv', 100],
    ] as const)
      await inbox.write(name, lines(...Array.from({ length: 100 }, (_, i) => `${from + i},${name},${day1}`)));
    const table = await merged({ cursor: 'changed' });
    await inbox.runOne(table);
    expect(await inbox.runOne(table)).toMatchObject({ status: 'unchanged' });
    const before = await parts();
    expect((await inbox.run([table], { full: true })).tables[0]).toMatchObject({ status: 'unchanged', rows: 200 });
    expect(await parts()).toEqual(before);
  });
});

describe('a plan', () => {
  const planned = async (table: TableRequest, facts: { full?: true } = {}) => {
    const { runId: _run, tables: _tables, ...request } = extractRequest(inbox.directory, inbox.source(), []);
    return askHere(request, { kind: 'plan', table, ...facts });
  };

  test('counts only the files that would be read, and says why all of them would be', async () => {
    const a = lines(`1,a,${day1}`, `2,b,${day1}`);
    const b = lines(`3,c,${day1}`);
    await inbox.write('a.csv', a);
    const table = await merged({ cursor: 'changed' });
    expect(await planned(table)).toMatchObject({ action: 'full', rows: 2, bytes: a.length, pieces: 1 });
    await inbox.runOne(table);
    expect(await planned(table)).toMatchObject({ action: 'unchanged', reason: 'no file changed', rows: 0 });
    await inbox.write('b.csv', b);
    expect(await planned(table)).toMatchObject({ action: 'changes', rows: 1, bytes: b.length, pieces: 1 });
    expect(await planned(table, { full: true })).toMatchObject({ action: 'full', rows: 3, pieces: 2 });
    await remove('b.csv');
    await inbox.write('0.csv', b);
    expect(await planned(table)).toMatchObject({ action: 'full', rows: 3, pieces: 2 });
    expect((await inbox.published('orders')).meta.rows).toBe(2);
  });
});

describe('partitioned', () => {
  test('by the month of a column, and a file that changes writes only its months anew', async () => {
    await inbox.write('a.csv', lines('1,a,2024-01-05', '2,b,2024-02-05', '3,c,'));
    await inbox.write('b.csv', lines('4,d,2024-03-05'));
    const table = await registered({
      sync_strategy: 'partitioned',
      primary_key: ['id'],
      options: { partition_by: 'changed', granularity: 'month' },
    });
    expect(await inbox.runOne(table)).toMatchObject({ status: 'succeeded', rows: 4 });
    const before = await parts();
    expect(before).toHaveLength(4);
    await inbox.write('b.csv', lines('4,d,2024-02-06'));
    expect(await inbox.runOne(table)).toMatchObject({ status: 'succeeded', rows: 4 });
    expect(await content()).toEqual(['1|a|2024-01-05', '2|b|2024-02-05', '3|c', '4|d|2024-02-06']);
    expect((await parts()).filter((part) => before.includes(part))).toHaveLength(2);
    await remove('b.csv');
    expect(await inbox.runOne(table)).toMatchObject({ rows: 3 });
  });
});

describe('where and columns', () => {
  const where: TableRequest['options'] = {
    columns: ['name'],
    where: [
      { column: 'id', op: 'ge', value: 2 },
      { column: 'changed', op: 'is_not_null' },
      { column: 'name', op: 'ne', value: "it's" },
    ],
  };

  test.each([
    ['orders.csv', "id,name,changed\n1,a,2024-01-01\n2,b,2024-01-01\n3,it's,2024-01-01\n4,d,\n"],
    ['careful.csv', "id,name,changed\n1,a,2024-01-01\n2,b,2024-01-01\n3,it's,2024-01-01\n4,d,\nbroken\n"],
    [
      'orders.ndjson',
      '{"id":1,"name":"a","changed":"2024-01-01"}\n{"id":2,"name":"b","changed":"2024-01-01"}\n{"id":3,"name":"it\'s","changed":"2024-01-01"}\n{"id":4,"name":"d","changed":null}\n',
    ],
  ])('bring only the chosen rows and columns of %s', async (name, text) => {
    await inbox.write(name, text);
    const table = await inbox.register('orders', name, { ...where, max_reject_rows: 1 });
    expect(await inbox.runOne(table)).toMatchObject({ status: 'succeeded', rows: 1 });
    expect(await inbox.query('SELECT * FROM orders')).toEqual([{ name: 'b' }]);
  });

  test.each([
    ['id', 'abc'],
    ['id', 1.5],
    ['changed', "2024-01-01' OR true --"],
  ])('a value that %s could never hold is refused at registration: %s', async (column, value) => {
    await inbox.write('a.csv', lines(`1,a,${day1}`));
    await expect(registered({ options: { where: [{ column, op: 'eq', value }] } })).rejects.toMatchObject({
      code: 'options_invalid',
      message: expect.stringContaining(String(value).slice(0, 10)),
    });
  });

  test('a bad file cannot keep its last rows where the rows of all files lie together', async () => {
    await inbox.write('a.csv', lines(`1,a,${day1}`));
    await expect(merged({ on_bad_file: 'skip' })).rejects.toMatchObject({ code: 'options_invalid' });
    await expect(registered({ options: { mode: 'append', on_bad_file: 'skip' } })).resolves.toMatchObject({
      options: { on_bad_file: 'skip' },
    });
  });
});
