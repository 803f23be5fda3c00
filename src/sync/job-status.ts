/** What the results of a job's tables mean for the job. Pure. */
import type { JobStatus, JobTable, JobTableStatus } from '../system/jobs.ts';

const well = new Set<JobTableStatus>(['succeeded', 'unchanged', 'postponed']);

export function isFinished(status: JobTableStatus): boolean {
  return status !== 'waiting' && status !== 'running';
}

/** `partial` when some tables went well and some did not, `failed` when none did. */
export function finishedStatus(tables: readonly JobTable[], cancelled: boolean): JobStatus {
  if (cancelled) return 'cancelled';
  const good = tables.filter((table) => well.has(table.status)).length;
  if (good === tables.length) return 'succeeded';
  return good === 0 ? 'failed' : 'partial';
}

/** A table of a job before anything happened to it. */
export function waitingTable(id: string, source: string): JobTable {
  return {
    id,
    source,
    status: 'waiting',
    rows: null,
    size_bytes: null,
    rejected: 0,
    schema_changes: [],
    warnings: [],
    error: null,
    started_at: null,
    finished_at: null,
  };
}
