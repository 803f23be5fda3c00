/** `jobs`: every sync that was asked for, with the result of each of its tables. */
import type { Session } from '../duckdb/session.ts';
import type { ErrorRecord } from '../errors/attache-error.ts';

export type JobStatus = 'queued' | 'running' | 'succeeded' | 'partial' | 'failed' | 'cancelled';

export type JobTableStatus = 'waiting' | 'running' | 'succeeded' | 'unchanged' | 'postponed' | 'failed' | 'cancelled';

export interface JobTable {
  id: string;
  source: string;
  status: JobTableStatus;
  rows: number | null;
  size_bytes: number | null;
  rejected: number;
  schema_changes: string[];
  warnings: string[];
  error: ErrorRecord | null;
  started_at: string | null;
  finished_at: string | null;
}

export interface JobRow {
  id: string;
  status: JobStatus;
  /** Who or what asked: a person by HTTP, or the scheduler. */
  cause: 'request' | 'schedule';
  requested_by: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  tables: JobTable[];
  notes: string[];
  error: ErrorRecord | null;
}

type StoredJob = Omit<JobRow, 'tables' | 'notes' | 'error'> & { tables: string; notes: string; error: string | null };

const columns = [
  'id',
  'status',
  'cause',
  'requested_by',
  'created_at',
  'started_at',
  'finished_at',
  'tables',
  'notes',
  'error',
] as const satisfies (keyof JobRow)[];

/** Inserts the job or replaces what has changed. */
export async function saveJob(session: Session, job: JobRow): Promise<void> {
  const row: StoredJob = {
    ...job,
    tables: JSON.stringify(job.tables),
    notes: JSON.stringify(job.notes),
    error: job.error === null ? null : JSON.stringify(job.error),
  };
  const places = columns.map((_, index) => `$${index + 1}`).join(', ');
  const assignments = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  await session.run(
    `INSERT INTO jobs (${columns.join(', ')}) VALUES (${places}) ON CONFLICT (id) DO UPDATE SET ${assignments.join(', ')}`,
    columns.map((column) => row[column]),
  );
}

export async function findJob(session: Session, id: string): Promise<JobRow | null> {
  const row = await session.first<StoredJob>(`SELECT ${columns.join(', ')} FROM jobs WHERE id = $1`, [id]);
  return row === undefined ? null : fromStored(row);
}

/** Jobs, newest first; `before` is the id of the last one already seen. Ids sort by creation. */
export async function listJobs(session: Session, limit: number, before: string | null): Promise<JobRow[]> {
  const rows = await session.rows<StoredJob>(
    `SELECT ${columns.join(', ')} FROM jobs WHERE id < $1 ORDER BY id DESC LIMIT ${Math.trunc(limit)}`,
    [before ?? '~'],
  );
  return rows.map(fromStored);
}

/** Jobs that a stopped server left open. */
export async function openJobs(session: Session): Promise<JobRow[]> {
  const rows = await session.rows<StoredJob>(
    `SELECT ${columns.join(', ')} FROM jobs WHERE status IN ('queued', 'running') ORDER BY id`,
  );
  return rows.map(fromStored);
}

/** Removes finished jobs created before an instant. */
export async function pruneJobs(session: Session, before: string): Promise<void> {
  await session.run('DELETE FROM jobs WHERE created_at < $1 AND finished_at IS NOT NULL', [before]);
}

function fromStored(row: StoredJob): JobRow {
  return {
    ...row,
    tables: JSON.parse(row.tables) as JobTable[],
    notes: JSON.parse(row.notes) as string[],
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorRecord),
  };
}
