import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { literal } from '../../src/duckdb/quote.ts';
import { foreignMeta, temporaryFolder, writeForeign } from '../helpers/extracts.ts';
import { da, finish, startDa } from '../helpers/run-da.ts';

test('a view over relative paths is read from the folder of the extract, as a rebuild does', async () => {
  await using data = await temporaryFolder();
  const folder = join(data.directory, 'extracts', 'crm');
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'data', 'orders.csv'), 'id\n1\n');
  await writeForeign(data.directory, 'crm', [
    `SET file_search_path = ${literal(folder)}`,
    foreignMeta,
    "CREATE VIEW orders AS SELECT * FROM read_csv('data/orders.csv')",
    "INSERT INTO _meta VALUES ('orders', NULL, 1, 5, now()::TIMESTAMP, 'local')",
  ]);
  const { code, stdout } = await da(['contract', 'check', folder, '--json']);
  expect([code, JSON.parse(stdout).findings]).toEqual([0, []]);
});

test('a pipe or a folder in the place of the database is told, not waited for', async () => {
  await using data = await temporaryFolder();
  const folder = (name: string) => join(data.directory, 'extracts', name);
  await mkdir(folder('pipe'), { recursive: true });
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder('pipe'), 'extract.duckdb')]);
  await mkdir(join(folder('nested'), 'extract.duckdb'), { recursive: true });
  for (const name of ['pipe', 'nested']) {
    const { code, stdout } = await da(['contract', 'check', folder(name), '--json']);
    expect([code, JSON.parse(stdout).findings[0].code]).toEqual([7, 'not_a_database']);
  }
  const rebuilt = await da(['rebuild', '--json', '--data-dir', data.directory]);
  expect(rebuilt.code).toBe(3);
  const { stale } = JSON.parse(rebuilt.stdout) as { stale: { source: string; reason: string }[] };
  expect(stale.map(({ source, reason }) => `${source}: ${reason}`).toSorted()).toEqual([
    expect.stringMatching(/^nested: .*it is a folder/),
    expect.stringMatching(/^pipe: .*it is no file/),
  ]);
});

test.each(['check', 'rebuild'])('Ctrl-C ends a %s of a view without end', async (what) => {
  await using data = await temporaryFolder();
  await writeForeign(data.directory, 'crm', [
    foreignMeta,
    'CREATE VIEW endless AS SELECT count(*) AS n FROM range(1000000000) a, range(1000000000) b WHERE a.range % 7 = b.range % 5',
    "INSERT INTO _meta VALUES ('endless', NULL, 1, 5, now()::TIMESTAMP, 'local')",
  ]);
  const check = ['contract', 'check', join(data.directory, 'extracts', 'crm'), '--deep'];
  const child = startDa(what === 'check' ? check : ['rebuild', '--data-dir', data.directory]);
  const finished = finish(child);
  setTimeout(() => child.kill('SIGINT'), 3_000);
  expect(await finished).toMatchObject({ code: 130, stdout: '', stderr: expect.stringContaining('Stopped.') });
});
