/** Waits for a job of the server and tells each table's result as it comes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { withRetries } from '../client/retry.ts';
import type { ServerClient } from '../client/server-client.ts';
import { AttacheError } from '../errors/attache-error.ts';
import type { Context } from './context.ts';
import { type Job, tellTable } from './output/job-text.ts';

const shortestPauseMs = 100;
const longestPauseMs = 1_000;
const finalStatus = new Set(['succeeded', 'unchanged', 'postponed', 'failed', 'cancelled']);

/** The finished job. Ctrl-C ends the waiting, not the job. */
export async function followJob(client: ServerClient, id: string, { terminal, signal }: Context): Promise<Job> {
  const told = new Set<string>();
  for (let pause = shortestPauseMs; ; pause = Math.min(pause * 1.3, longestPauseMs)) {
    const { body: job } = await withRetries(() => client.json<Job>(`/api/jobs/${id}`, { signal }), { signal });
    for (const table of job.tables) {
      if (told.has(table.id) || !finalStatus.has(table.status)) continue;
      told.add(table.id);
      tellTable(terminal, table);
    }
    if (job.finished_at !== null) return job;
    await sleep(pause, undefined, { signal }).catch(() => {});
    if (signal.aborted) throw stillRunning(id);
  }
}

/** 0 all well, 3 some tables failed, 1 none went well. */
export function exitCodeOfJob({ status }: Pick<Job, 'status'>): number {
  return status === 'succeeded' ? 0 : status === 'partial' ? 3 : 1;
}

function stillRunning(id: string): AttacheError {
  return new AttacheError('cancelled', {
    message: `Stopped waiting; the job ${id} goes on at the server.`,
    hint: `Watch it with \`da admin jobs watch ${id}\`, or end it with \`da admin jobs cancel ${id}\`.`,
  });
}
