/** After a change the draft of the master stays open for the next one; nobody else may notice. */
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SyncOrchestrator } from '../../src/orchestrator/orchestrator.ts';
import { orchestrator, publishTables, queryMaster, runPlain, temporaryFolder } from '../helpers/extracts.ts';

const master = (directory: string) => join(directory, 'analytics.duckdb');
const scratchOf = (directory: string) => readdir(join(directory, '.da', 'scratch')).catch(() => []);
const publish = (directory: string, value: number) =>
  publishTables(directory, 'crm', { orders: `SELECT ${value} AS value` });
const served = (directory: string) => queryMaster(directory, 'SELECT value FROM orders');

/** After a first master and a change of it, so that a draft stands; it serves 2. */
async function afterAChange(directory: string, draftMs = 60_000): Promise<SyncOrchestrator> {
  const keeper = orchestrator(directory, { draftMs });
  for (const value of [1, 2]) {
    await publish(directory, value);
    await keeper.rebuild();
  }
  return keeper;
}

describe('a draft that stands', () => {
  it('brings one change after the other, new tables and tables that go among them', async () => {
    await using data = await temporaryFolder();
    const { directory } = data;
    const keeper = orchestrator(directory, { draftMs: 60_000 });
    await publish(directory, 0);
    await keeper.rebuild();
    for (let value = 1; value <= 4; value += 1) {
      await publish(directory, value);
      await keeper.rebuild();
      expect(await served(directory)).toEqual([{ value }]);
    }
    await publishTables(directory, 'shop', { carts: 'SELECT 7 AS n' });
    await keeper.rebuild();
    expect(await queryMaster(directory, 'SELECT n FROM shop.carts')).toEqual([{ n: 7 }]);
    await publishTables(directory, 'shop', { baskets: 'SELECT 8 AS n' }, ['carts']);
    await keeper.rebuild();
    const names = await queryMaster(
      directory,
      'SELECT view_name AS name FROM duckdb_views() WHERE NOT internal ORDER BY ALL',
    );
    expect(names.map(({ name }) => name)).toEqual(['baskets', 'baskets', 'orders', 'orders']);
    await keeper.close();
  });

  it('does not keep others from opening the master, for writing neither', async () => {
    await using data = await temporaryFolder();
    const { directory } = data;
    const keeper = await afterAChange(directory);
    await runPlain(master(directory), ['CREATE TABLE mine AS SELECT 1 AS one']);
    await publish(directory, 3);
    await keeper.rebuild();
    expect(await served(directory)).toEqual([{ value: 3 }]);
    await keeper.close();
  });

  it('is not used when the master is another than the one it became', async () => {
    await using data = await temporaryFolder();
    const { directory } = data;
    const keeper = await afterAChange(directory);
    await runPlain(join(directory, 'other.duckdb'), ['CREATE VIEW orders AS SELECT 99 AS value']);
    await copyFile(join(directory, 'other.duckdb'), master(directory));
    await keeper.rebuild();
    expect(await served(directory)).toEqual([{ value: 2 }]);
    await keeper.close();
  });

  it('is left after a view that cannot be bound, and the next change is served', async () => {
    await using data = await temporaryFolder();
    const { directory } = data;
    const keeper = orchestrator(directory, { draftMs: 60_000 });
    await publish(directory, 1);
    await publishTables(directory, 'shop', { carts: 'SELECT 1 AS n' });
    await keeper.rebuild();
    const broken = await publishTables(directory, 'shop', { carts: 'SELECT 2 AS n' });
    const part = join(directory, 'extracts', 'shop', broken.tables.get('carts')!.parts[0]!.path);
    await copyFile(join(directory, 'analytics.duckdb'), part);
    await publish(directory, 2);
    await keeper.rebuild();
    await publish(directory, 3);
    await keeper.rebuild();
    expect(await served(directory)).toEqual([{ value: 3 }]);
    await keeper.close();
  });

  it('leaves nothing behind when its time is over, or when it is let go', async () => {
    await using data = await temporaryFolder();
    const { directory } = data;
    for (const draftMs of [200, 60_000]) {
      const keeper = await afterAChange(directory, draftMs);
      expect(await scratchOf(directory)).toHaveLength(1);
      if (draftMs > 1_000) await keeper.close();
      await expect.poll(() => scratchOf(directory), { timeout: 20_000 }).toEqual([]);
    }
  });
});
