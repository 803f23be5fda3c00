/** A DuckDB file as the world of a history. It has one writer, so a late transaction is a statement that waits. */
import { extractSource } from '../../../src/extract/extract-source.ts';
import { Warehouse } from '../../helpers/warehouse.ts';
import { dieAt } from './die-at.ts';
import type { World } from './world.ts';

export async function duckdbWorld(): Promise<World> {
  const shop = await Warehouse.create();
  let waiting: string | null = null;
  const rowsOf = async (relation: string) => {
    const columns = await shop.query<{ column_name: string }>(`DESCRIBE ${relation}`);
    const names = columns.map((column) => column.column_name).sort();
    const texts = names.map((name) => `'${name}=' || coalesce(CAST("${name}" AS VARCHAR), 'NULL')`);
    const rows = await shop.query<{ row: string }>(
      `SELECT concat_ws('|', ${texts.join(', ')}) AS row FROM ${relation}`,
    );
    return rows.map(({ row }) => row).sort();
  };
  return {
    run: (...statements) => shop.run(...statements),
    rewrite: () =>
      shop.run(
        'CREATE OR REPLACE TABLE t AS SELECT * FROM t ORDER BY hash(id)',
        'ALTER TABLE t ALTER COLUMN changed SET NOT NULL',
      ),
    begin: async (statement) => {
      waiting = statement;
    },
    commit: async () => {
      if (waiting !== null) await shop.run(waiting);
      waiting = null;
    },
    sync: (table, facts) => shop.sync(table, facts),
    crash: (table, point) => dieAt(point, () => extractSource(shop.request([table]))),
    source: () => rowsOf('source.main.t'),
    extract: () => rowsOf('t'),
    remove: () => shop.remove(),
  };
}
