/** Brings a batch of changes into the state: rows, who is hidden, derived columns, parts to write, and the position, all in one transaction. */
import { join } from 'node:path';
import type { ReceivedChange } from '../../connectors/receive-way.ts';
import { literal } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { crashPoint } from '../../publish/crash-point.ts';
import type { LanePosition } from '../inbox/inbox-reader.ts';
import type { Lane } from '../receive-folder.ts';
import { mergeRows } from './merge-rows.ts';
import { type State, writePosition } from './open-state.ts';
import { placeRows } from './place-rows.ts';
import { type Reduced, reduceChanges } from './reduce-changes.ts';
import { settleDerived } from './settle-derived.ts';
import { completedNow, completeTable, type Moved, settleVisibility } from './settle-visibility.ts';
import { stageRows } from './stage-rows.ts';

export interface Batch {
  changes: readonly ReceivedChange[];
  lane: Lane;
  /** How far the lane is applied with this batch. */
  position: LanePosition;
  /** Rows of many months at once: they go to their cold parts directly. */
  bulk: boolean;
}

export async function applyChanges(state: State, batch: Batch, scratch: string): Promise<void> {
  const reduced = reduceChanges(batch.changes);
  // Temporary tables take a block of memory for each column, however few their rows; they go with the session of their batch.
  using session = await state.database.connect();
  await session.run('BEGIN');
  try {
    if (reduced.rows.size > 0 || reduced.complete.size > 0)
      await applyReduced({ ...state, session }, reduced, batch.bulk, scratch);
    crashPoint('apply.mid-batch');
    await writePosition(session, batch.lane, batch.position);
    await session.run('COMMIT');
  } catch (thrown) {
    await session.run('ROLLBACK').catch(() => {}); // The failure itself is what matters.
    throw thrown;
  }
  crashPoint('apply.after-commit');
}

async function applyReduced(state: State, reduced: Reduced, bulk: boolean, scratch: string): Promise<void> {
  const { session, tables, byId } = state;
  const moved: Moved = {
    changed: new Set(),
    merged: new Map(),
    completed: new Set(reduced.complete.keys()),
    flipped: new Set(),
    touched: new Set(),
  };
  await recordComplete(session, reduced);
  for (const table of tables) {
    const rows = reduced.rows.get(table.id);
    if (rows === undefined) continue;
    await stageRows(session, table, rows.values(), join(scratch, 'staged.ndjson'));
    moved.merged.set(table.id, await mergeRows(session, table));
    moved.changed.add(table.id);
  }
  for (const table of tables) await settleVisibility(session, table, byId, moved);
  for (const table of tables) await settleDerived(session, table, byId, moved);
  for (const table of tables) await placeRows(session, table, moved, { bulk, now: Date.now() });
}

async function recordComplete(session: Session, reduced: Reduced): Promise<void> {
  if (reduced.complete.size === 0) return;
  const rows = [...reduced.complete].flatMap(([table, parents]) =>
    [...parents].map(([parent, at]) => `(${literal(table)}, ${literal(parent)}, ${Math.floor(at)})`),
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${completedNow} AS SELECT v.table_name, v.parent, greatest(v.shown_at, c.shown_at) AS shown_at FROM (VALUES ${rows.join(', ')}) v(table_name, parent, shown_at) LEFT JOIN ${completeTable} c USING (table_name, parent)`,
  );
  await session.run(
    `DELETE FROM ${completeTable} c WHERE EXISTS (FROM ${completedNow} n WHERE n.table_name = c.table_name AND n.parent = c.parent)`,
  );
  await session.run(`INSERT INTO ${completeTable} SELECT table_name, parent, shown_at FROM ${completedNow}`);
}
