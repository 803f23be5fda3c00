/** Ends queries at BigQuery, and says only what is known of their end. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { JobReference, Ledger } from './ledger.ts';
import { pause } from './patience.ts';
import type { RestClient } from './rest-client.ts';

/** `unknown`: it may still run. */
export type JobEnd = { kind: 'ended'; billed: number } | { kind: 'absent' } | { kind: 'unknown' };

/** A job as far as its end is concerned. */
export interface JobState {
  status: { state: string };
  statistics?: { query?: { totalBytesBilled?: string } };
}

export const billedBytes = (job: JobState): number => Number(job.statistics?.query?.totalBytesBilled ?? 0);

/** Asks BigQuery to end a job and watches it end; a cancel is a wish that takes effect later. Never throws. */
export async function endJob(rest: RestClient, { id, location }: JobReference, withinMs: number): Promise<JobEnd> {
  const signal = AbortSignal.timeout(withinMs);
  const call = { query: { location: location ?? undefined }, doing: 'cancelling a query', signal };
  try {
    await rest.call({ ...call, method: 'POST', path: ['jobs', id, 'cancel'] });
    for (let waitMs = 50; ; waitMs *= 2) {
      const job = await rest.call<JobState>({ ...call, path: ['jobs', id] });
      if (job.status.state === 'DONE') return { kind: 'ended', billed: billedBytes(job) };
      await pause(waitMs, signal);
    }
  } catch (thrown) {
    return { kind: thrown instanceof AttacheError && thrown.code === 'source_missing' ? 'absent' : 'unknown' };
  }
}

const endLeftMs = 10_000;
/** A job that is not there this long after it was sent will not come any more. */
const lateMs = 60_000;
const slackMs = 10 * 60_000;

/** Ends the queries that an earlier run left behind when it was killed; what cannot be ended now stays noted for the next. */
export async function endLeftJobs(rest: RestClient, ledger: Ledger): Promise<number> {
  const left = await ledger.left();
  const timeLimitMs = rest.settings.query_timeout_seconds * 1000;
  const ended = await Promise.all(
    left.map(async (job) => {
      const end = await endJob(rest, job, endLeftMs);
      const ageMs = Date.now() - job.begun;
      if (end.kind === 'ended') await ledger.finishLeft(job, end.billed);
      else if (end.kind === 'absent' && ageMs > lateMs) await ledger.finishLeft(job, 0);
      // By then its own time limit has ended it; what it cost stays unknown, so its bytes stay spent.
      else if (ageMs > timeLimitMs + slackMs) await ledger.finish(job);
      return end.kind === 'ended';
    }),
  );
  return ended.filter(Boolean).length;
}
