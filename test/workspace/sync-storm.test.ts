import { expect, it } from 'vitest';
import type { DoubleTable, Fault } from '../doubles/da-server/server.ts';
import { parquet } from '../helpers/parquet.ts';
import { createSetting, type Setting } from './setting.ts';

const names = ['a', 'b', 'c'];

/** Small and good enough to draw lots by, and the same in every run. */
function lots(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Two parts a table; every row says its version, so that a mixture shows. */
async function content(version: number): Promise<Record<string, DoubleTable>> {
  const part = (half: number) =>
    parquet(`SELECT ${version} AS version, ${half} AS half, random() AS r FROM range(20000)`);
  const table = async () => ({ parts: await Promise.all([part(1), part(2)]) });
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await table()] as const)));
}

function randomFault(draw: () => number): Fault | null {
  const kind = Math.floor(draw() * 12);
  if (kind === 0) return { kind: 'cut', after: Math.floor(draw() * 250_000) };
  if (kind === 1) return { kind: 'flip', at: Math.floor(draw() * 150_000) };
  if (kind === 2) return { kind: 'status', status: 500 };
  if (kind === 3) return { kind: 'status', status: 503, headers: { 'retry-after': '0' } };
  if (kind === 4) return { kind: 'ignore_range' };
  return null;
}

/** The version each table shows; fails on a mixture or a lost row. */
async function versionsHere(setting: Setting): Promise<Record<string, number>> {
  const versions: Record<string, number> = {};
  for (const name of names) {
    const [row] = await setting.query(`SELECT min(version) AS low, max(version) AS high, count(*) AS n FROM ${name}`);
    expect(row).toMatchObject({ low: row?.high, n: '40000' });
    versions[name] = Number(row?.high);
  }
  return versions;
}

it('ends with the right tables or keeps the old ones, whatever the way there does', async () => {
  const draw = lots(7);
  const published = await Promise.all([1, 2, 3, 4, 5, 6].map(content));
  await using setting = await createSetting(published[0] as Record<string, DoubleTable>);
  await setting.sync();
  let live = 1;
  for (let round = 0; round < 10; round += 1) {
    const before = await versionsHere(setting);
    const next = () => {
      live = (live % published.length) + 1;
      setting.server.publish(published[live - 1] as Record<string, DoubleTable>);
    };
    next();
    let swapAt = Math.floor(draw() * 12);
    setting.server.fault = () => {
      if (swapAt-- === 0) next();
      return randomFault(draw);
    };
    const report = await setting.sync();
    const failed = new Set(report.failed.map((failure) => failure.table));
    const after = await versionsHere(setting);
    for (const name of names) {
      if (failed.has(name)) expect(after[name]).toBe(before[name]);
      else
        expect(
          report.downloaded
            .concat(report.unchanged.map((table) => ({ table, rows: null, bytes: 0 })))
            .map((one) => one.table),
        ).toContain(name);
    }
  }
  setting.server.fault = () => null;
  await setting.sync();
  expect(await versionsHere(setting)).toEqual(Object.fromEntries(names.map((name) => [name, live])));
  expect(await setting.sync()).toMatchObject({ bytes: 0, downloaded: [], unchanged: names });
  expect(await setting.files()).toHaveLength(2 * names.length);
  expect(setting.server.complaints).toEqual([]);
}, 180_000);
