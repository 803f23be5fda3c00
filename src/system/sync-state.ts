/** `sync_state`: how each table's last attempt ended and when it last succeeded. Only an extraction writes here. */
import type { Session } from '../duckdb/session.ts';
import type { ErrorRecord } from '../errors/attache-error.ts';
import { inBatches } from './in-batches.ts';

export type SyncStatus = 'succeeded' | 'unchanged' | 'postponed' | 'failed' | 'cancelled';

export interface SyncState {
  table_id: string;
  status: SyncStatus;
  /** Start of the last attempt, however it ended. */
  last_attempt: string;
  /** Start of the last attempt that left the table up to date; a failure does not move it. */
  last_success: string | null;
  error: ErrorRecord | null;
  /** Of the content that is live. */
  rows: number | null;
  size_bytes: number | null;
  rejected: number;
  schema_changes: string[];
  warnings: string[];
  job_id: string;
}

type StoredState = Record<keyof SyncState, string | null> & { status: SyncStatus };

const columns = [
  'table_id',
  'status',
  'last_attempt',
  'last_success',
  'error',
  'rows',
  'size_bytes',
  'rejected',
  'schema_changes',
  'warnings',
  'job_id',
] as const satisfies (keyof SyncState)[];

/** The states of all tables, by id. */
export async function listStates(session: Session): Promise<Map<string, SyncState>> {
  const rows = await session.rows<StoredState>(`SELECT ${columns.join(', ')} FROM sync_state`);
  return new Map(rows.map((row) => [row.table_id as string, fromStored(row)]));
}

export async function findState(session: Session, id: string): Promise<SyncState | null> {
  const row = await session.first<StoredState>(`SELECT ${columns.join(', ')} FROM sync_state WHERE table_id = $1`, [
    id,
  ]);
  return row === undefined ? null : fromStored(row);
}

/** Records attempts, one of each table. `last_success: null` keeps the one before; what an attempt does not know of the live content, too. */
export async function recordStates(session: Session, states: readonly SyncState[]): Promise<void> {
  const kept = ['last_success', 'rows', 'size_bytes'];
  const assignments = columns
    .slice(1)
    .map((column) =>
      kept.includes(column)
        ? `${column} = coalesce(excluded.${column}, sync_state.${column})`
        : `${column} = excluded.${column}`,
    );
  const rows = states.map((state) => columns.map((column) => storedValue(state[column])));
  await inBatches(rows, (places, values) =>
    session.run(
      `INSERT INTO sync_state (${columns.join(', ')}) VALUES ${places}
       ON CONFLICT (table_id) DO UPDATE SET ${assignments.join(', ')}`,
      values,
    ),
  );
}

export async function deleteState(session: Session, id: string): Promise<void> {
  await session.run('DELETE FROM sync_state WHERE table_id = $1', [id]);
}

function storedValue(value: SyncState[keyof SyncState]): string | number | null {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

function fromStored(row: StoredState): SyncState {
  const number = (text: string | null) => (text === null ? null : Number(text));
  return {
    table_id: row.table_id as string,
    status: row.status,
    last_attempt: row.last_attempt as string,
    last_success: row.last_success,
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorRecord),
    rows: number(row.rows),
    size_bytes: number(row.size_bytes),
    rejected: Number(row.rejected),
    schema_changes: JSON.parse(row.schema_changes ?? '[]') as string[],
    warnings: JSON.parse(row.warnings ?? '[]') as string[],
    job_id: row.job_id as string,
  };
}
