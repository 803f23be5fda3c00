/** Moves rows that have been left alone for a while from hot parts back to where they belong. */
import { identifier, literal } from '../../duckdb/quote.ts';
import { crashPoint } from '../../publish/crash-point.ts';
import type { State } from './open-state.ts';
import { moveToCold, startHotPart } from './place-rows.ts';
import { own } from './state-table.ts';

export interface CompactionRule {
  now: number;
  /** Rows untouched for so long are cold. */
  coolMs: number;
  /** Most hot parts emptied at once, so that one publish stays short. */
  mostParts: number;
}

/** Returns how many rows moved. Content is not touched: tables are equal before and after. */
export async function compact(state: State, { now, coolMs, mostParts }: CompactionRule): Promise<number> {
  const { session } = state;
  const part = identifier(own.part);
  let moved = 0;
  for (const table of state.tables) {
    const name = identifier(table.id);
    const cool = await session.rows<{ part: string; n: number }>(
      `SELECT ${part} AS part, count(*)::INTEGER AS n FROM ${name} WHERE starts_with(${part}, 'hot-') GROUP BY 1 HAVING max(${identifier(own.touched)}) < ${Math.floor(now - coolMs)} ORDER BY n DESC LIMIT ${mostParts}`,
    );
    if (cool.length === 0) continue;
    const parts = cool.map((row) => literal(row.part)).join(', ');
    await session.run('BEGIN');
    moved += await moveToCold(session, table, `t.${part} IN (${parts})`, null);
    // The present hot part may have cooled too; a new number keeps an emptied name from filling again unnoticed.
    await startHotPart(session, table, Math.max(...cool.map((row) => Number(row.part.slice('hot-'.length)))) + 1);
    crashPoint('compact.mid-move');
    await session.run('COMMIT');
  }
  return moved;
}
