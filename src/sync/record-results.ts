/** Writes how tables ended into the state: the tables' own rows, their history and the job, in one transaction. */
import type { TableResult } from '../extract/shapes.ts';
import { type JobRow, saveJob } from '../system/jobs.ts';
import { appendHistory } from '../system/sync-history.ts';
import { recordStates } from '../system/sync-state.ts';
import type { SystemState } from '../system/system-state.ts';
import { listTables } from '../system/table-registry.ts';

/** A failed attempt moves `last_attempt` and the error; only success moves `last_success` and clears the error. */
export async function recordResults(state: SystemState, job: JobRow, results: readonly TableResult[]): Promise<void> {
  await state.write(async (session) => {
    // A table that was unregistered while it ran leaves no state behind.
    const registered = new Set((await listTables(session)).map(({ id }) => id));
    const known = results.filter(({ id }) => registered.has(id));
    await recordStates(
      session,
      known.map((result) => ({
        table_id: result.id,
        status: result.status,
        last_attempt: result.started_at,
        last_success: ['succeeded', 'unchanged'].includes(result.status) ? result.started_at : null,
        error: result.error,
        rows: result.rows,
        size_bytes: result.size_bytes,
        rejected: result.rejected,
        schema_changes: result.schema_changes,
        warnings: result.warnings,
        job_id: job.id,
      })),
    );
    await appendHistory(
      session,
      known.map((result) => ({ ...result, job_id: job.id, table_id: result.id })),
    );
    await saveJob(session, job);
  });
}
