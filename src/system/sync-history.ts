/** `sync_history`: one row for each table of each finished attempt, kept for a limited time. */
import type { Session } from '../duckdb/session.ts';
import type { ErrorRecord } from '../errors/attache-error.ts';
import { inBatches } from './in-batches.ts';
import type { SyncStatus } from './sync-state.ts';

export interface SyncHistoryRow {
  job_id: string;
  table_id: string;
  status: SyncStatus;
  started_at: string;
  finished_at: string;
  rows: number | null;
  size_bytes: number | null;
  rejected: number;
  error: ErrorRecord | null;
}

type StoredHistory = Omit<SyncHistoryRow, 'rows' | 'size_bytes' | 'rejected' | 'error'> & {
  rows: string | null;
  size_bytes: string | null;
  rejected: string;
  error: string | null;
};

export async function appendHistory(session: Session, rows: readonly SyncHistoryRow[]): Promise<void> {
  const stored = rows.map((row) => [
    row.job_id,
    row.table_id,
    row.status,
    row.started_at,
    row.finished_at,
    row.rows,
    row.size_bytes,
    row.rejected,
    row.error === null ? null : JSON.stringify(row.error),
  ]);
  await inBatches(stored, (places, values) =>
    session.run(
      `INSERT INTO sync_history (job_id, table_id, status, started_at, finished_at, rows, size_bytes, rejected, error)
       VALUES ${places}`,
      values,
    ),
  );
}

/** The newest attempts of a table, newest first. */
export async function tableHistory(session: Session, id: string, limit: number): Promise<SyncHistoryRow[]> {
  const rows = await session.rows<StoredHistory>(
    `SELECT job_id, table_id, status, started_at, finished_at, rows, size_bytes, rejected, error
     FROM sync_history WHERE table_id = $1 ORDER BY finished_at DESC LIMIT ${Math.trunc(limit)}`,
    [id],
  );
  return rows.map((row) => ({
    ...row,
    rows: row.rows === null ? null : Number(row.rows),
    size_bytes: row.size_bytes === null ? null : Number(row.size_bytes),
    rejected: Number(row.rejected),
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorRecord),
  }));
}

/** Removes attempts that finished before an instant. */
export async function pruneHistory(session: Session, before: string): Promise<void> {
  await session.run('DELETE FROM sync_history WHERE finished_at < $1', [before]);
}

export async function deleteHistory(session: Session, id: string): Promise<void> {
  await session.run('DELETE FROM sync_history WHERE table_id = $1', [id]);
}
