import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sweepBelow } from '../../src/publish/sweep.ts';
import { temporaryFolder } from '../helpers/extracts.ts';

const name = (letter: string) => `data/orders/${letter.repeat(64)}.parquet`;

it('starts the grace time of a part when a sweep first finds it unnamed, and forgets it when it is named again', async () => {
  await using place = await temporaryFolder();
  const { directory } = place;
  await mkdir(join(directory, 'data/orders'), { recursive: true });
  for (const letter of ['a', 'b']) await writeFile(join(directory, name(letter)), 'x');
  const ledger = join(directory, 'ledger.json');
  const sweep = (now: number, ...named: string[]) =>
    sweepBelow(directory, 'data', ledger, { graceMs: 100, now, alsoNamed: new Set(named) });
  expect(await sweep(1_000, name('a'))).toEqual({ removed: 0, waiting: 1 });
  expect(await sweep(1_050, name('a'), name('b'))).toEqual({ removed: 0, waiting: 0 });
  expect(await sweep(1_100, name('a'))).toEqual({ removed: 0, waiting: 1 });
  expect(await sweep(1_199, name('a'))).toEqual({ removed: 0, waiting: 1 });
  expect(await sweep(1_200, name('a'))).toEqual({ removed: 1, waiting: 0 });
  expect(await readdir(join(directory, 'data/orders'))).toEqual([`${'a'.repeat(64)}.parquet`]);
});

it('restarts the grace time when its ledger is lost, and when the clock was set back', async () => {
  await using place = await temporaryFolder();
  const { directory } = place;
  await mkdir(join(directory, 'data/orders'), { recursive: true });
  await writeFile(join(directory, name('a')), 'x');
  const ledger = join(directory, 'ledger.json');
  const sweep = (now: number) => sweepBelow(directory, 'data', ledger, { graceMs: 100, now });
  await sweep(1_000);
  await writeFile(ledger, '{"half');
  expect(await sweep(5_000)).toEqual({ removed: 0, waiting: 1 });
  expect(await sweep(10)).toEqual({ removed: 0, waiting: 1 });
  expect(JSON.parse(await readFile(ledger, 'utf8'))).toEqual({ [name('a')]: 10 });
});

it('leaves every file alone that is not named like a part', async () => {
  await using place = await temporaryFolder();
  const { directory } = place;
  await mkdir(join(directory, 'data'), { recursive: true });
  await writeFile(join(directory, 'data/readme.txt'), 'mine');
  for (const now of [1, 2]) await sweepBelow(directory, 'data', join(directory, 'ledger.json'), { graceMs: 0, now });
  expect(await readdir(join(directory, 'data'))).toEqual(['readme.txt']);
});
