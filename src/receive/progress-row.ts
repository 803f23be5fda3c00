/** The one row that says how far a source is, published beside its tables. */
import { literal } from '../duckdb/quote.ts';
import type { OwnRow } from './publish-state.ts';
import type { Lane } from './receive-folder.ts';

export interface Progress {
  /** The publication the row goes with. */
  generation: number;
  /** Milliseconds since the oldest event that goes live with it arrived; null when there is none. */
  oldestEventAgeMs: number | null;
  /** ISO 8601 in UTC. */
  lastReconcile: string | null;
}

export function progressRow(table: string, { generation, oldestEventAgeMs, lastReconcile }: Progress): OwnRow {
  const instant = (text: string | null) => (text === null ? 'NULL' : literal(text.slice(0, -1).replace('T', ' ')));
  const applied = (lane: Lane) => `(SELECT max(sequence) FROM "~positions" WHERE lane = ${literal(lane)})`;
  return {
    table,
    description: 'How far the source is: one row, renewed with every publication.',
    columns: [
      { name: 'published_at', type: 'TIMESTAMP', sql: instant(new Date().toISOString()) },
      { name: 'generation', type: 'BIGINT', sql: String(generation) },
      { name: 'applied_sequence', type: 'BIGINT', sql: applied('pushed') },
      { name: 'applied_polled', type: 'BIGINT', sql: applied('polled') },
      { name: 'oldest_event_age_ms', type: 'BIGINT', sql: String(oldestEventAgeMs ?? 'NULL') },
      { name: 'last_reconcile', type: 'TIMESTAMP', sql: instant(lastReconcile) },
    ],
  };
}
