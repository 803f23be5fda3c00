/** Queries as jobs of our own: with an id we know before they exist, labels, a byte cap, a time limit, and an end when we end. */
import { randomUUID } from 'node:crypto';
import { AttacheError } from '../../errors/attache-error.ts';
import type { Estimate } from './cost-guard.ts';
import { explainError, type JobError, jobFault } from './explain-error.ts';
import { type Field, type RestField, readFields } from './fields.ts';
import type { JobReference, Ledger } from './ledger.ts';
import { pause } from './patience.ts';
import type { RestClient } from './rest-client.ts';
import { payerOf } from './settings.ts';
import type { TableName } from './table-name.ts';

/** What a dry run says, which costs nothing. */
export interface DryRun {
  estimate: Estimate;
  fields: Field[];
  location: string | null;
  /** Who the service says we are. */
  identity: string | null;
}

export interface FinishedJob {
  reference: JobReference;
  /** Where BigQuery keeps the result for a day. */
  destination: TableName;
  billedBytes: number;
}

interface RestJob {
  jobReference: { projectId: string; jobId?: string; location?: string };
  user_email?: string;
  configuration: { query: { destinationTable?: { projectId: string; datasetId: string; tableId: string } } };
  status: { state: string; errorResult?: JobError };
  statistics?: {
    totalBytesProcessed?: string;
    query?: {
      totalBytesProcessed?: string;
      totalBytesBilled?: string;
      totalBytesProcessedAccuracy?: string;
      referencedTables?: unknown[];
      schema?: { fields?: RestField[] };
    };
  };
}

export async function dryRun(
  rest: RestClient,
  sql: string,
  location: string | null,
  doing: string,
  signal?: AbortSignal,
): Promise<DryRun> {
  const payer = payerOf(rest.settings);
  const job = await rest.call<RestJob>({
    method: 'POST',
    path: ['jobs'],
    body: {
      jobReference: { projectId: payer, ...(location === null ? {} : { location }) },
      // A cached answer costs nothing today and everything tomorrow.
      configuration: { dryRun: true, query: { query: sql, useLegacySql: false, useQueryCache: false } },
    },
    doing,
    ...(signal === undefined ? {} : { signal }),
  });
  const { query, totalBytesProcessed } = job.statistics ?? {};
  const bytes = Number(query?.totalBytesProcessed ?? totalBytesProcessed);
  if (!Number.isFinite(bytes))
    throw new AttacheError('over_cap', {
      message: `BigQuery did not say how much ${doing} would scan. Nothing was read.`,
      hint: 'Try again; without an estimate no budget can be kept.',
      retryable: true,
    });
  return {
    estimate: {
      bytes,
      open: (query?.totalBytesProcessedAccuracy ?? 'PRECISE') === 'LOWER_BOUND',
      tables: query?.referencedTables?.length ?? 1,
      way: 'query',
    },
    fields: readFields(query?.schema?.fields),
    location: job.jobReference.location ?? location,
    identity: job.user_email ?? null,
  };
}

export interface JobRequest {
  sql: string;
  location: string | null;
  /** BigQuery refuses the query above it. */
  maximumBytes: number;
  /** The registered table it is for. */
  table: string;
  source: string;
  doing: string;
  signal: AbortSignal;
}

const attempts = 3;

/** Runs a query to its end. Cancelled with the signal; repeated, as a new job, when BigQuery itself failed. */
export async function runJob(rest: RestClient, ledger: Ledger, request: JobRequest): Promise<FinishedJob> {
  for (let attempt = 1; ; attempt += 1) {
    const reference = {
      project: payerOf(rest.settings),
      location: request.location,
      id: `da_${randomUUID()}`,
    };
    await ledger.begin(reference);
    const job = await startAndWait(rest, reference, request).catch(async (thrown) => {
      await endJob(rest, reference);
      await ledger.finish(reference);
      throw thrown;
    });
    await ledger.finish(reference);
    const { errorResult } = job.status;
    if (errorResult === undefined) return finished(job, reference);
    const fault = jobFault(errorResult);
    const overTime = fault.reason === 'stopped' && /timed out/i.test(fault.message);
    if (!fault.transient || attempt === attempts)
      throw explainError(overTime ? { ...fault, reason: 'timeout' } : fault, request.doing, rest.settings);
    await pause(500 * 2 ** attempt, request.signal);
  }
}

async function startAndWait(rest: RestClient, reference: JobReference, request: JobRequest): Promise<RestJob> {
  const { signal, doing } = request;
  try {
    await rest.call({ method: 'POST', path: ['jobs'], body: jobBody(rest, reference, request), doing, signal });
  } catch (thrown) {
    // An answer that got lost on its way: the job is there, and it is ours.
    if (!isDuplicate(thrown)) throw thrown;
  }
  for (let waitMs = 50; ; waitMs = Math.min(2_000, waitMs * 2)) {
    const job = await rest.call<RestJob>({
      path: ['jobs', reference.id],
      query: { location: reference.location ?? undefined },
      doing,
      signal,
    });
    if (job.status.state === 'DONE') return job;
    reference.location ??= job.jobReference.location ?? null;
    await pause(waitMs, signal);
  }
}

function jobBody(rest: RestClient, { project, id, location }: JobReference, request: JobRequest): object {
  return {
    jobReference: { projectId: project, jobId: id, ...(location === null ? {} : { location }) },
    configuration: {
      labels: { da: 'extract', da_source: label(request.source), da_table: label(request.table) },
      jobTimeoutMs: String(rest.settings.query_timeout_seconds * 1000),
      query: {
        query: request.sql,
        useLegacySql: false,
        maximumBytesBilled: String(request.maximumBytes),
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
    billedBytes: Number(job.statistics?.query?.totalBytesBilled ?? 0),
  };
}

const cancelMs = 4_000;

/** Asks BigQuery to end a job; one that has ended or never began is fine too. */
async function endJob(rest: RestClient, { id, location }: JobReference): Promise<void> {
  await rest
    .call({
      method: 'POST',
      path: ['jobs', id, 'cancel'],
      query: { location: location ?? undefined },
      doing: 'cancelling a query',
      signal: AbortSignal.timeout(cancelMs),
    })
    .catch(() => {
      // The query has a time limit of its own.
    });
}

/** Ends the queries that an earlier run left behind when it was killed. */
export async function endLeftJobs(rest: RestClient, ledger: Ledger): Promise<number> {
  const left = await ledger.left();
  for (const job of left) {
    await endJob(rest, job);
    await ledger.finish(job);
  }
  return left.length;
}
