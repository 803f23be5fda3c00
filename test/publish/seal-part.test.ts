import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sealBelow } from '../../src/publish/seal-part.ts';
import { runPlain, temporaryFolder } from '../helpers/extracts.ts';

const pathOf = (sha256: string) => `data/orders/${sha256}.parquet`;

it('gives the same rows one name, read-only, and keeps the file that is there', async () => {
  await using place = await temporaryFolder();
  const { directory } = place;
  const seal = async () => {
    await runPlain(':memory:', [`COPY (SELECT range AS id FROM range(10)) TO '${directory}/draft.parquet'`]);
    return sealBelow(directory, pathOf, join(directory, 'draft.parquet'), 10);
  };
  const first = await seal();
  const { ino, mode } = await stat(join(directory, first.path));
  expect(mode & 0o777).toBe(0o444);
  expect(await seal()).toEqual(first);
  expect((await stat(join(directory, first.path))).ino).toBe(ino);
  expect(await readdir(directory)).toEqual(['data']);
});

it.each([
  ['an empty file', ''],
  ['a file that lost its footer', `PAR1${'x'.repeat(200)}`],
  ['something else', 'id,name\n1,x\n2,y\n3,z\n'],
])('never makes a part of %s', async (_title, content) => {
  await using place = await temporaryFolder();
  const { directory } = place;
  await mkdir(join(directory, 'data'));
  const draft = join(directory, 'draft.parquet');
  await writeFile(draft, content);
  await expect(sealBelow(directory, pathOf, draft, 1)).rejects.toMatchObject({ code: 'integrity' });
  expect(await readdir(join(directory, 'data'))).toEqual([]);
});
