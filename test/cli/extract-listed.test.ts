/** `da extract --tables`: the rules of the registry hold for a list too, and a table fails alone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KeboolaStorage, startKeboolaStorage } from '../doubles/keboola-storage/index.ts';
import { da } from '../helpers/run-da.ts';

let directory: string;
let double: KeboolaStorage;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-listed-'));
  double = await startKeboolaStorage();
  await double.control.project.createTable({
    id: 'in.c-main.orders',
    columns: ['id', 'name'],
    primaryKey: ['id'],
    rows: [['1', 'a']],
  });
  await writeFile(
    join(directory, 'instance.yaml'),
    JSON.stringify({ sources: { keboola: { type: 'keboola', url: double.url, limits: { first_pause_ms: 1 } } } }),
  );
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
  await double.stop();
});

async function extract(tables: object[]) {
  const env = { KEBOOLA_STORAGE_TOKEN: double.tokens.master, ...double.environment };
  const { code, stdout } = await da(['extract', 'keboola', '--tables', '-', '--json'], {
    cwd: directory,
    env,
    stdin: JSON.stringify(tables),
  });
  return { code, answer: JSON.parse(stdout) };
}

const orders = (facts: object) => ({ bucket: 'in.c-main', source_table: 'orders', ...facts });

test('a table that is not there fails alone, in its place', async () => {
  const { code, answer } = await extract([
    { bucket: 'in.c-main', source_table: 'gone' },
    orders({ name: 'Orders' }),
    orders({ id: 'far', query_mode: 'remote' }),
  ]);
  expect(code).toBe(3);
  expect(answer.tables).toMatchObject([
    { id: 'gone', status: 'failed', error: { code: 'source_missing' } },
    { id: 'orders', status: 'succeeded', rows: 1 },
    { id: 'far', status: 'succeeded', rows: 0 },
  ]);
});

test('what is said wrongly is told at once, before anything is read', async () => {
  const before = double.control.journal.length;
  const { code, answer } = await extract([
    orders({ name: 'a', options: { path: 'nope' } }),
    orders({ name: 'b', sync_strategy: 'incremental' }),
    orders({ name: 'c' }),
    orders({ name: 'C', nonsense: 1 }),
    orders({ id: 'c' }),
  ]);
  expect(code).toBe(2);
  expect(answer.errors[0].faults.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
    '/0/options/path',
    '/1/primary_key',
    '/3/nonsense',
    '/4/id',
  ]);
  expect(double.control.journal.length).toBe(before);
});

test('a key that is not among the chosen columns is refused as at registration', async () => {
  const { code, answer } = await extract([orders({ primary_key: ['id'], options: { columns: ['name'] } })]);
  expect(code).toBe(2);
  expect(answer.errors[0].message).toMatch(/orders\/primary_key/);
});
