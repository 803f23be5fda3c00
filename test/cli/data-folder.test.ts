import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/extracts.ts';
import { da } from '../helpers/run-da.ts';

test('a data folder that is not there is told, and not made', async () => {
  await using home = await temporaryFolder();
  const missing = join(home.directory, 'nowhere');
  await writeFile(join(home.directory, 'instance.yaml'), 'sources: { files: { type: csv, path: . } }\n');
  for (const command of [['rebuild'], ['extract', 'files']]) {
    const { code, stderr } = await da([...command, '--data-dir', missing], { cwd: home.directory });
    expect([code, existsSync(missing)]).toEqual([5, false]);
    expect(stderr).toContain(`There is no data folder at ${missing}.`);
  }
});

test('an empty data folder has nothing to rebuild, which is no failure', async () => {
  await using home = await temporaryFolder();
  await mkdir(join(home.directory, 'data'));
  const { code, stdout } = await da(['rebuild', '--json', '--data-dir', join(home.directory, 'data')]);
  expect([code, JSON.parse(stdout)]).toEqual([0, { live: [], stale: [], problems: [] }]);
});

test('a file in the place of the data folder is told without a stack', async () => {
  await using home = await temporaryFolder();
  const file = join(home.directory, 'file');
  await writeFile(file, '');
  for (const command of [['rebuild'], ['serve', '--port', '0']]) {
    const { code, stderr } = await da([...command, '--data-dir', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: The disk did not take it: ENOTDIR/);
    expect(stderr).not.toContain('    at ');
  }
});

test('a path that DuckDB cannot open is refused for data and workspaces', async () => {
  await using home = await temporaryFolder();
  const folder = join(home.directory, 'what?');
  const served = await da(['serve', '--port', '0', '--data-dir', folder]);
  expect(served.code).toBe(2);
  expect(served.stderr).toMatch(/flag --data-dir: data_dir: .*question mark/);
  const made = await da(['init', folder]);
  expect([made.code, existsSync(folder)]).toEqual([2, false]);
});

test('the next command that is proposed can be pasted, whatever the folder is called', async () => {
  await using home = await temporaryFolder();
  const { code, stderr } = await da(['init', join(home.directory, "it's here")]);
  expect(code).toBe(0);
  expect(stderr).toContain(`next: da sync --workspace '${home.directory}/it'\\''s here'`);
});
