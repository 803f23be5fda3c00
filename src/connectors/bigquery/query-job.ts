/** Queries as jobs of our own: with an id we know before they exist, labels, a byte cap, a time limit, and an end when we end. */
import { randomUUID } from 'node:crypto';
import { AttacheError } from '../../errors/attache-error.ts';
import type { CostGuard, Estimate } from './cost-guard.ts';
import { billedBytes, endJob, type JobState } from './end-job.ts';
import { explainError, type JobError, jobFault, restFault } from './explain-error.ts';
import type { JobReference, Ledger } from './ledger.ts';
import { pause } from './patience.ts';
import { type QueryText, queryBody } from './query-text.ts';
import type { RestClient } from './rest-client.ts';
import { payerOf } from './settings.ts';
import type { TableName } from './table-name.ts';

export interface FinishedJob {
  reference: JobReference;
  /** Where BigQuery keeps the result for a day. */
  destination: TableName;
}

interface RestJob extends JobState {
  jobReference: { location?: string };
  configuration: { query: { destinationTable?: { projectId: string; datasetId: string; tableId: string } } };
  status: { state: string; errorResult?: JobError };
}

export interface JobRequest {
  text: QueryText;
  /** Of a dry run of the very same text. */
  estimate: Estimate;
  /** The registered table it is for. */
  table: string;
  source: string;
  doing: string;
  signal: AbortSignal;
}

/** What a query needs: the way there, a budget, and a memory. */
export interface JobWay {
  rest: RestClient;
  guard: CostGuard;
  ledger: Ledger;
}

const attempts = 3;

/** Runs a query to its end within the budgets. Cancelled with the signal; repeated, as a new job, when BigQuery itself failed. */
export async function runJob(way: JobWay, request: JobRequest): Promise<FinishedJob> {
  for (let attempt = 1; ; attempt += 1) {
    const reference = {
      project: payerOf(way.rest.settings),
      location: request.text.location,
      id: `da_${randomUUID()}`,
    };
    const job = await runOnce(way, reference, request);
    const { errorResult } = job.status;
    if (errorResult === undefined) return finished(job, reference);
    const fault = jobFault(errorResult);
    const overTime = fault.reason === 'stopped' && /timed out/i.test(fault.message);
    if (!fault.transient || attempt === attempts)
      throw explainError(overTime ? { ...fault, reason: 'timeout' } : fault, request.doing, way.rest.settings);
    await pause(500 * 2 ** attempt, request.signal);
  }
}

/** A job that came to its end, good or bad, charged what it was billed. */
async function runOnce(
  { rest, guard, ledger }: JobWay,
  reference: JobReference,
  request: JobRequest,
): Promise<RestJob> {
  const allowance = await guard.allow(request.table, request.estimate);
  await ledger.begin(reference, allowance.bytes);
  const run = await startAndWait(rest, reference, request, allowance.bytes);
  const billed = run.kind === 'done' ? billedBytes(run.job) : run.billed;
  // What may still run stays noted, with its bytes, for those who come after us.
  if (billed !== null) {
    await ledger.finish(reference);
    await allowance.settle(billed);
  }
  if (run.kind === 'broken') throw run.failure;
  return run.job;
}

/** `broken`: the job was given up; what it was billed, or null while it may still run. */
type Run = { kind: 'done'; job: RestJob } | { kind: 'broken'; failure: unknown; billed: number | null };

/** Together below the time that a cancelled child is given. */
const graceMs = 1_500;
const endMs = 2_500;

async function startAndWait(
  rest: RestClient,
  reference: JobReference,
  request: JobRequest,
  maximumBytes: number,
): Promise<Run> {
  let inserted: 'sent' | 'refused' | 'accepted' = 'sent';
  try {
    // Not broken off with the run: a job that is created behind the back of its cancel would stay.
    using late = delayed(request.signal, graceMs);
    await insert(rest, reference, request, maximumBytes, late.signal).catch((thrown: unknown) => {
      if (wasRefused(thrown)) inserted = 'refused';
      throw thrown;
    });
    inserted = 'accepted';
    return { kind: 'done', job: await waitFor(rest, reference, request) };
  } catch (failure) {
    if ((inserted as string) === 'refused') return { kind: 'broken', failure, billed: 0 };
    const end = await endJob(rest, reference, endMs);
    return { kind: 'broken', failure, billed: end.kind === 'ended' ? end.billed : null };
  }
}

async function insert(
  rest: RestClient,
  reference: JobReference,
  request: JobRequest,
  maximumBytes: number,
  signal: AbortSignal,
): Promise<void> {
  const body = jobBody(rest, reference, request, maximumBytes);
  try {
    const job = await rest.call<RestJob>({ method: 'POST', path: ['jobs'], body, doing: request.doing, signal });
    reference.location ??= job.jobReference.location ?? null;
  } catch (thrown) {
    // An answer that got lost on its way: the job is there, and it is ours.
    if (!isDuplicate(thrown)) throw thrown;
  }
}

async function waitFor(rest: RestClient, reference: JobReference, { doing, signal }: JobRequest): Promise<RestJob> {
  for (let waitMs = 50; ; waitMs = Math.min(2_000, waitMs * 2)) {
    const job = await rest.call<RestJob>({
      path: ['jobs', reference.id],
      query: { location: reference.location ?? undefined },
      doing,
      signal,
    });
    if (job.status.state === 'DONE') return job;
    await pause(waitMs, signal);
  }
}

/** A signal that follows another one after a while. */
function delayed(signal: AbortSignal, ms: number): { signal: AbortSignal } & Disposable {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const follow = () => {
    timer = setTimeout(() => late.abort(signal.reason), ms);
  };
  if (signal.aborted) late.abort(signal.reason);
  else signal.addEventListener('abort', follow, { once: true });
  return {
    signal: late.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
    },
  };
}

function jobBody(
  rest: RestClient,
  { project, id, location }: JobReference,
  request: JobRequest,
  maximumBytes: number,
): object {
  return {
    jobReference: { projectId: project, jobId: id, ...(location === null ? {} : { location }) },
    configuration: {
      labels: { da: 'extract', da_source: label(request.source), da_table: label(request.table) },
      jobTimeoutMs: String(rest.settings.query_timeout_seconds * 1000),
      query: {
        ...queryBody(request.text),
        maximumBytesBilled: String(maximumBytes),
      },
    },
  };
}

/** Names of ours are labels already, but for their length. */
const label = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '_')
    .slice(0, 63);

function isDuplicate(thrown: unknown): boolean {
  return thrown instanceof AttacheError && / \(duplicate\)$/.test(thrown.message);
}

/** Whether BigQuery itself said no: then there is no job. */
function wasRefused(thrown: unknown): boolean {
  const status = thrown instanceof AttacheError && thrown.cause ? restFault(thrown.cause).status : null;
  return status !== null && status >= 400 && status < 500;
}

function finished(job: RestJob, reference: JobReference): FinishedJob {
  const destination = job.configuration.query.destinationTable;
  if (destination === undefined)
    throw new AttacheError('source_failed', {
      message: `The job ${reference.id} has no result.`,
      hint: 'options.sql must be one SELECT.',
    });
  const { projectId: project, datasetId: dataset, tableId: table } = destination;
  return {
    reference: { ...reference, location: job.jobReference.location ?? reference.location },
    destination: { project, dataset, table },
  };
}
