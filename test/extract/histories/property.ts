/** The property of all strategies over one kind of source: whatever happened, after each sync the table is the source. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyTally, everything, History, histories, runs, strategies } from './history.ts';
import type { World } from './world.ts';

/** `DA_TEST_RUNS` says how many histories each strategy goes through. */
export function strategiesProperty(create: () => Promise<World>): void {
  describe.each(Object.entries(strategies))('%s', (name, table) => {
    test('after any history of changes, late commits, new shapes, crashes and retries the table equals the source', {
      timeout: 240_000 + runs * 120_000,
    }, async () => {
      const tally = emptyTally();
      await fc.assert(
        fc.asyncProperty(histories, async (steps) => {
          const world = await create();
          try {
            await new History(world, table, tally).play(steps);
          } finally {
            await world.remove();
          }
        }),
        { numRuns: runs + 1, examples: [[everything]] },
      );
      // Nothing of it was empty: rows were compared, runs died, transactions were late, and increments were increments.
      expect(tally.compared).toBeGreaterThan(1000);
      expect(tally.killed).toBeGreaterThan(0);
      expect(tally.late).toBeGreaterThan(0);
      expect(tally.deltas).toBeGreaterThan(0);
      if (name.startsWith('incremental')) expect(tally.wholes).toBeGreaterThan(0);
    });
  });

  test('a change that no cursor tells of is seen by the comparison, and only a full read brings it', async () => {
    const world = await create();
    const table = strategies['incremental by merge']!;
    try {
      await new History(world, table, emptyTally()).play([]);
      await world.run("UPDATE t SET changed = '2024-03-01' WHERE id = 7");
      await world.sync(table);
      await world.run("UPDATE t SET v = 'silent' WHERE id = 5", "UPDATE t SET changed = '2024-03-02' WHERE id = 8");
      await world.sync(table);
      const [theirs, ours] = [await world.source(), await world.extract()];
      expect(theirs.filter((row) => !ours.includes(row))).toEqual([expect.stringContaining('silent')]);
      await world.sync(table, { full: true });
      expect(await world.extract()).toEqual(await world.source());
    } finally {
      await world.remove();
    }
  });
}
