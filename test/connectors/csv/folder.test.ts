/** What a folder of files does over time, and what becomes of the table. */
import { mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { csv } from '../../../src/connectors/csv/csv.ts';
import { openFile } from '../../../src/connectors/csv/inspect-file.ts';
import { listFiles } from '../../../src/connectors/csv/list-files.ts';
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import { extractFolder } from '../../../src/contract/extract-folder.ts';
import { readExtractCatalogue } from '../../../src/contract/read.ts';
import { extractSource } from '../../../src/extract/extract-source.ts';
import { extractRequest, tableRequest } from '../../helpers/extract-request.ts';
import { Inbox } from './inbox.ts';

let inbox: Inbox;

beforeEach(async () => {
  inbox = await Inbox.create();
});

afterEach(() => inbox.remove());

const ids = async (table = 'orders') =>
  (await inbox.query<{ id: string }>(`SELECT id FROM ${table} ORDER BY id`)).map((row) => Number(row.id));

async function parts(table = 'orders') {
  const limits = { memoryLimit: '300MB', threads: 1, tempDirectory: join(inbox.directory, 'spill') };
  const catalogue = await readExtractCatalogue(extractFolder(inbox.directory, 'files'), limits);
  return catalogue.tables.get(table)!.parts.map((part) => part.sha256);
}

test('a file delivered again replaces exactly its own part, and a file gone takes its rows with it', async () => {
  await inbox.write('a.csv', 'id,name\n1,x\n');
  await inbox.write('b.csv', 'id,name\n2,y\n');
  await inbox.write('c.csv', 'name,id\nz,3\n');
  const orders = await inbox.register('orders', '*.csv');
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'succeeded', rows: 3 });
  const before = await parts();
  await inbox.write('b.csv', 'id,name\n20,y\n21,y\n');
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'succeeded', rows: 4 });
  expect(await ids()).toEqual([1, 3, 20, 21]);
  const after = await parts();
  expect([after[0], after[2]]).toEqual([before[0], before[2]]);
  await rm(join(inbox.path, 'a.csv'));
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'succeeded', rows: 3 });
  expect(await ids()).toEqual([3, 20, 21]);
});

test('a run over files that did not change reads none of them', async () => {
  const path = await inbox.write('a.csv', 'id,name\n1,x\n');
  const orders = await inbox.register('orders', '*.csv');
  await inbox.runOne(orders);
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'unchanged', warnings: ['no file changed'] });
  // The same content delivered anew is no change either.
  await rm(path);
  await inbox.write('a.csv', 'id,name\n1,x\n', 60_000);
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'unchanged' });
});

test('two files with the same content are both in the table', async () => {
  await inbox.write('a.csv', 'id\n1\n');
  await inbox.write('b.csv', 'id\n1\n');
  const orders = await inbox.register('orders', '*.csv');
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'succeeded', rows: 2 });
  expect(await ids()).toEqual([1, 1]);
});

test('a file that changed in the last two seconds postpones the table and keeps its data', async () => {
  await inbox.write('a.csv', 'id\n1\n');
  const orders = await inbox.register('orders', '*.csv');
  await inbox.runOne(orders);
  const fresh = await inbox.write('b.csv', 'id\n2\n', 0);
  expect(await inbox.runOne(orders)).toMatchObject({
    status: 'postponed',
    rows: 1,
    warnings: [expect.stringContaining('b.csv')],
  });
  expect(await ids()).toEqual([1]);
  const past = new Date(Date.now() - 10_000);
  await utimes(fresh, past, past);
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'succeeded', rows: 2 });
});

test('a folder that cannot be listed, or has lost more than half of its files, fails the table and keeps its data', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await inbox.write(`in/${name}.csv`, 'id\n1\n');
  const orders = await inbox.register('orders', 'in/*.csv');
  await inbox.runOne(orders);
  for (const name of ['a', 'b', 'c']) await rm(join(inbox.path, `in/${name}.csv`));
  expect(await inbox.runOne(orders)).toMatchObject({
    status: 'failed',
    rows: 4,
    error: { code: 'source_missing', message: expect.stringContaining('3 of the 4 files') },
  });
  await rename(inbox.path, `${inbox.path}.away`);
  expect(await inbox.runOne(orders)).toMatchObject({
    status: 'failed',
    rows: 4,
    error: { code: 'source_unreachable', retryable: true },
  });
  await rename(`${inbox.path}.away`, inbox.path);
  expect(await inbox.query('FROM orders')).toHaveLength(4);
  // In full means: what is there now is what there is.
  expect((await inbox.run([orders], { full: true })).tables[0]).toMatchObject({ status: 'succeeded', rows: 1 });
});

test('a missing file fails the table and keeps its data', async () => {
  const path = await inbox.write('a.csv', 'id\n1\n');
  const orders = await inbox.register('orders', 'a.csv');
  await inbox.runOne(orders);
  await rm(path);
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'failed', rows: 1, error: { code: 'source_missing' } });
  expect(await ids()).toEqual([1]);
});

test('one bad file fails the table, or keeps its own last good rows when it may be skipped', async () => {
  await inbox.write('a.csv', 'id\n1\n');
  await inbox.write('b.csv', 'id\n2\n');
  const strict = await inbox.register('orders', '*.csv');
  const lenient = await inbox.register('lenient', '*.csv', { on_bad_file: 'skip' });
  await inbox.run([strict, lenient]);
  await inbox.write('a.csv', 'id\n10\n');
  await inbox.write('b.csv', '');
  await inbox.write('c.csv', Buffer.from('PK\x03\x04zip', 'latin1'));
  const report = await inbox.run([strict, lenient]);
  expect(report.tables[0]).toMatchObject({ status: 'failed', rows: 2, error: { code: 'source_data' } });
  expect(report.tables[1]).toMatchObject({ status: 'succeeded', rows: 2 });
  expect(report.tables[1]!.warnings.join('\n')).toMatch(
    /b\.csv keeps its last good rows: .*zero bytes[\s\S]*c\.csv is left out: .*zip/,
  );
  expect(await ids('lenient')).toEqual([2, 10]);
  expect(await ids('orders')).toEqual([1, 2]);
  // The bad files are tried again, and said again, as long as they are bad.
  expect((await inbox.run([lenient])).tables[0]!.warnings.join('\n')).toMatch(/b\.csv keeps/);
  await inbox.write('b.csv', 'id\n20\n');
  await rm(join(inbox.path, 'c.csv'));
  expect((await inbox.run([lenient])).tables[0]).toMatchObject({ status: 'succeeded', rows: 2, warnings: [] });
  expect(await ids('lenient')).toEqual([10, 20]);
});

test('when every file is bad, skipping them never makes an empty table', async () => {
  await inbox.write('a.csv', 'id\n1\n');
  const orders = await inbox.register('orders', '*.csv', { on_bad_file: 'skip' });
  await inbox.write('a.csv', '');
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'failed', rows: null, error: { code: 'source_data' } });
});

test('rejects are counted over the whole table, kept files included, and shown for the files that hold them now', async () => {
  const rows = Array.from({ length: 2_000 }, (_, index) => `${index},x`).join('\n');
  await inbox.write('big.csv', `id,name\n${rows}\nbad\n`);
  await inbox.write('small.csv', 'id,name\n1,x\n');
  const orders = await inbox.register('orders', '*.csv');
  expect(await inbox.runOne(orders)).toMatchObject({
    status: 'succeeded',
    rejected: 1,
    rejects: [{ file: 'big.csv', line: 2_002, raw: 'bad' }],
  });
  await inbox.write('small.csv', 'id,name\n1,x\n2,y,z\n3,w\n');
  expect(await inbox.runOne(orders)).toMatchObject({
    status: 'succeeded',
    rejected: 2,
    rejects: [{ file: 'big.csv' }, { file: 'small.csv', line: 3 }],
  });
  await inbox.write('big.csv', `id,name\n${rows}\n`);
  expect(await inbox.runOne(orders)).toMatchObject({
    rejected: 1,
    rejects: [{ file: 'small.csv' }],
  });
});

test('max_reject_rows and max_reject_ratio are both obeyed', async () => {
  await inbox.write('a.csv', 'id,name\n1,x\nbad\n2,y\nworse\n');
  const status = async (id: string, options: object) =>
    (await inbox.run([await inbox.register(id, 'a.csv', { ...options })])).tables[0]!;
  expect(await status('two', { max_reject_rows: 2 })).toMatchObject({ status: 'succeeded', rejected: 2 });
  expect(await status('one', { max_reject_rows: 1 })).toMatchObject({
    status: 'failed',
    error: { code: 'too_many_rejects' },
  });
  expect(await status('half', { max_reject_ratio: 0.5 })).toMatchObject({ status: 'succeeded', rejected: 2 });
  expect(await status('less', { max_reject_ratio: 0.4, max_reject_rows: 9 })).toMatchObject({ status: 'failed' });
});

test('a pattern without a file is accepted, postponed, and frozen at its first file', async () => {
  const table = { id: 'orders', source_table: 'orders-*.csv' };
  const orders = await inbox.register(table.id, table.source_table);
  expect(orders.options).not.toHaveProperty('types');
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'postponed', rows: null });
  await inbox.write('orders-1.csv', 'id;when\n1;2024-01-01\n');
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'succeeded', rows: 1 });
  // A comma in a later file is a character of the one column: nothing is guessed again.
  await inbox.write('orders-2.csv', 'id;when\nx,1;2024-01-02\n');
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'failed', error: { code: 'too_many_rejects' } });
  await inbox.write('orders-2.csv', 'when;id\n2024-01-02;2\n');
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'succeeded', rows: 2 });
  expect(await inbox.query('SELECT id::VARCHAR AS id, "when"::VARCHAR AS "when" FROM orders ORDER BY id')).toEqual([
    { id: '1', when: '2024-01-01' },
    { id: '2', when: '2024-01-02' },
  ]);
});

test('a file with the very name of a pattern wins over the pattern', async () => {
  await inbox.write('a[1].csv', 'id\n1\n');
  await inbox.write('a1.csv', 'id\n2\n');
  await inbox.runOne(await inbox.register('orders', 'a[1].csv'));
  expect(await ids()).toEqual([1]);
});

test('hidden, temporary and partial files are no part of a pattern', async () => {
  for (const name of ['.a.csv', 'a.csv.tmp', 'a.csv.part', '~$a.csv', 'sub/b.csv']) await inbox.write(name, 'id\n9\n');
  await inbox.write('a.csv', 'id\n1\n');
  await inbox.runOne(await inbox.register('orders', '*'));
  expect(await ids()).toEqual([1]);
  await inbox.runOne(await inbox.register('deep', '**/*.csv'));
  expect(await ids('deep')).toEqual([1, 9]);
});

test('a new column of a later file is added as text, and a missing one is NULL', async () => {
  await inbox.write('a.csv', 'id,name\n1,x\n');
  const orders = await inbox.register('orders', '*.csv');
  await inbox.runOne(orders);
  await inbox.write('b.csv', 'id,extra\n2,7\n');
  const result = await inbox.runOne(orders);
  expect(result).toMatchObject({ status: 'succeeded', schema_changes: ['column extra VARCHAR added'] });
  expect(result.warnings).toEqual([
    'the file b.csv brought the new column extra',
    'the file b.csv lacks name: NULL for its rows',
  ]);
  expect(await inbox.query('SELECT id::INT AS id, name, extra FROM orders ORDER BY id')).toEqual([
    { id: 1, name: 'x', extra: null },
    { id: 2, name: null, extra: '7' },
  ]);
});

test('options.columns brings only those columns', async () => {
  await inbox.write('a.csv', 'id,name,secret\n1,x,y\n');
  await inbox.runOne(await inbox.register('orders', 'a.csv', { columns: ['name', 'id'] }));
  expect(await inbox.query('SELECT column_name FROM (DESCRIBE orders)')).toEqual([
    { column_name: 'id' },
    { column_name: 'name' },
  ]);
});

test('CSV, JSON and Parquet files can be one table', async () => {
  await inbox.write('a.csv', 'id,name\n1,x\n');
  await inbox.write('b.ndjson', '{"name":"y","id":2}\n');
  const orders = await inbox.register('orders', '*');
  await inbox.runOne(await inbox.register('seed', 'a.csv'));
  const [part] = await parts('seed');
  const data = extractFolder(inbox.directory, 'files').data;
  const [seed] = (await readdir(data, { recursive: true })).filter((name) => name.includes(part!));
  await inbox.write('c.parquet', await readFile(join(data, seed!)));
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'succeeded', rows: 3 });
  expect(await ids()).toEqual([1, 1, 2]);
});

test('nothing in the folder is written, moved or touched', async () => {
  await inbox.write('a.csv', 'id\n1\nx,y\n');
  await inbox.write('b.csv.gz', 'no gzip');
  await mkdir(join(inbox.path, 'empty'));
  const look = async () => {
    const names = (await readdir(inbox.path, { recursive: true })).sort();
    return Promise.all(
      names.map(async (name) => ({
        name,
        ...(await stat(join(inbox.path, name), { bigint: true }).then(({ size, mtimeNs, ctimeNs, ino }) => ({
          size,
          mtimeNs,
          ctimeNs,
          ino,
        }))),
      })),
    );
  };
  const before = await look();
  await inbox.run([await inbox.register('orders', '*', { max_reject_ratio: 1 })]);
  expect(await look()).toEqual(before);
});

test('a file that is replaced while it is read is never published', async () => {
  const rows = Array.from({ length: 100_000 }, (_, index) => `${index},name ${index}`).join('\n');
  const path = await inbox.write('a.csv', `id,name\n${rows}\n`);
  const orders = await inbox.register('orders', 'a.csv');
  const request = extractRequest(inbox.directory, inbox.source(), [orders]);
  let replaced = false;
  const report = await extractSource(request, {
    onEvent: (event) => {
      if (event.kind !== 'table_started') return;
      replaced = true;
      void writeFile(`${path}.tmp`, 'id,name\n1,x\n').then(() => rename(`${path}.tmp`, path));
    },
  });
  expect(replaced).toBe(true);
  const [result] = report.tables;
  // Whichever came first: the whole old file, the whole new one, a file that is still too young, or a refusal. Never a mix.
  if (result!.status === 'succeeded') expect([100_000, 1]).toContain(result!.rows);
  else expect(result).toMatchObject({ rows: null });
});

test('a folder with a hundred files is one table', async () => {
  for (let index = 0; index < 100; index += 1) await inbox.write(`many/${index}.csv`, `id,name\n${index},x\n`);
  const orders = await inbox.register('orders', 'many/*.csv');
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'succeeded', rows: 100 });
  expect(await inbox.runOne(orders)).toMatchObject({ status: 'unchanged' });
});

test.each<[pointer: string, sourceTable: string, options: TableRequest['options']]>([
  ['/source_table', 'nowhere.csv', {}],
  ['/source_table', '../a.csv', {}],
  ['/options/encoding', 'a.csv', { encoding: 'klingon' }],
  ['/options/types', 'a.csv', { types: { id: 'NUMBER' } }],
  ['/options/types', 'a.csv', { types: { name: 'DATE' } }],
  ['/options/types', 'a.csv', { types: { nobody: 'DATE' } }],
  ['/options/header', 'values.csv', {}],
  ['/options/where', 'a.csv', { where: [{ column: 'id', op: 'eq', value: 'x' }] }],
])('a registration that cannot work says that %s is at fault: %s %j', async (pointer, source_table, options) => {
  await inbox.write('a.csv', 'id,name\n1,x\n');
  await inbox.write('values.csv', '1,2\n3,4\n');
  await expect(inbox.settle(tableRequest('t', { source_table, options }))).rejects.toMatchObject({
    code: 'options_invalid',
    hint: expect.any(String),
    faults: [{ pointer, message: expect.any(String) }],
  });
});

test('a link that leads out of the folder is no table, and stands in nobody else’s way', async () => {
  await inbox.write('a.csv', 'id\n1\n');
  await symlink('/etc/hostname', join(inbox.path, 'out.csv'));
  await expect(inbox.settle(tableRequest('t', { source_table: 'b.csv' }))).rejects.toMatchObject({
    code: 'options_invalid',
    message: expect.stringContaining('it holds a.csv.'),
  });
  const context = { source: 'files', settings: { path: inbox.path } } as Parameters<typeof csv.discover>[0];
  expect((await csv.discover(context)).map((table) => table.source_table)).toEqual(['a.csv']);
});

test.each([
  ['sep=;\nid;name\n1;a,b\n', ';'],
  ['\ufeff"sep=|"\r\nid|name\r\n1|a,b\r\n', '|'],
])('a first line for spreadsheets that names the delimiter is no header: %j', async (text, delimiter) => {
  await inbox.write('a.csv', text);
  const { options, notes } = await inbox.settle(tableRequest('t', { source_table: 'a.csv' }));
  expect(options).toMatchObject({ delimiter, skip: 1 });
  expect(notes).toEqual([expect.stringContaining('it is skipped')]);
  const table = await inbox.register('t', 'a.csv');
  expect(await inbox.runOne(table)).toMatchObject({ status: 'succeeded', rows: 1 });
  expect(await inbox.query('SELECT * FROM t')).toEqual([{ id: '1', name: 'a,b' }]);
});

test('a file of five thousand columns is registered like any other', async () => {
  const names = Array.from({ length: 5_000 }, (_, index) => `c${index}`);
  await inbox.write(
    'wide.csv',
    `${names.join(',')}\n${names.map((_, index) => (index % 2 === 0 ? index : 'x')).join(',')}\n`,
  );
  const { columns } = await inbox.settle(tableRequest('t', { source_table: 'wide.csv' }));
  expect(columns).toHaveLength(5_000);
  expect(columns?.slice(-2).map(({ type }) => type)).toEqual(['BIGINT', 'VARCHAR']);
});

test('a file that goes away between listing and opening is told as changed, and the next run may try again', async () => {
  await inbox.write('a.csv', 'id\n1\n');
  const [file] = await listFiles(inbox.path, 'a.csv');
  await rm(join(inbox.path, 'a.csv'));
  await expect(openFile(file!)).rejects.toMatchObject({ code: 'source_data', retryable: true });
});
