/** A hash over the visible rows of each table, whatever order or parts they stand in. */
import { identifier } from '../../duckdb/quote.ts';
import type { State } from './open-state.ts';
import { isVisible } from './state-table.ts';

export async function tableHashes(state: State): Promise<Map<string, { rows: number; hash: string }>> {
  const hashes = new Map<string, { rows: number; hash: string }>();
  for (const table of state.tables) {
    const columns = table.published.map(({ name }) => `t.${identifier(name)}`).join(', ');
    const row = await state.session.first<{ n: string; h: string }>(
      `SELECT count(*) AS n, coalesce(sum(hash(${columns})::HUGEINT), 0)::VARCHAR AS h FROM ${identifier(table.id)} t WHERE ${isVisible(table, 't')}`,
    );
    hashes.set(table.id, { rows: Number(row?.n ?? 0), hash: row?.h ?? '0' });
  }
  return hashes;
}
