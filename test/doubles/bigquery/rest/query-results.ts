/** jobs.getQueryResults and jobs.query: wait a while for the job, then pages of its rows. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, QueryConfiguration } from '../jobs/job.ts';
import { startJob } from '../jobs/start-job.ts';
import { writeField } from '../model/field-types.ts';
import type { Service } from '../service.ts';
import { findJob } from './jobs.ts';
import { type Page, readPage, startOf, timestampFormat } from './pages.ts';
import type { Reply, RestCall } from './reply.ts';
import { ServiceError } from './service-error.ts';

const longestWaitMs = 200_000;

export async function getQueryResults(service: Service, call: RestCall): Promise<Reply> {
  service.care.job('jobs.getQueryResults', call.query.get('location'));
  const job = findJob(service, call);
  service.care.results(job, call.query);
  return queryResults(service, job, call.query);
}

/** Starts the job and answers like getQueryResults would. */
export async function query(service: Service, { params, body }: RestCall): Promise<Reply> {
  const { timeoutMs, maxResults, formatOptions, labels, dryRun, location, ...rest } = body as QueryBody;
  service.care.query({ query: rest, ...(labels ? { labels } : {}), ...(dryRun ? { dryRun } : {}) }, undefined);
  const job = await startJob(service, {
    project: params.project!,
    configuration: { query: rest, ...(labels ? { labels } : {}), ...(dryRun ? { dryRun } : {}) },
    ...(location ? { location } : {}),
  });
  const asked = new URLSearchParams();
  if (timeoutMs !== undefined) asked.set('timeoutMs', String(timeoutMs));
  if (maxResults !== undefined) asked.set('maxResults', String(maxResults));
  if (formatOptions?.useInt64Timestamp) asked.set('formatOptions.useInt64Timestamp', 'true');
  if (formatOptions?.timestampOutputFormat)
    asked.set('formatOptions.timestampOutputFormat', formatOptions.timestampOutputFormat);
  const reply = await queryResults(service, job, asked);
  return { ...reply, body: { ...reply.body, kind: 'bigquery#queryResponse' } };
}

interface QueryBody extends QueryConfiguration {
  timeoutMs?: number;
  maxResults?: number;
  formatOptions?: { useInt64Timestamp?: boolean; timestampOutputFormat?: string };
  labels?: Record<string, string>;
  dryRun?: boolean;
  location?: string;
}

async function queryResults(service: Service, job: Job, asked: URLSearchParams): Promise<Reply> {
  await Promise.race([job.finished, patience(asked)]);
  if (job.error)
    throw new ServiceError(job.error.reason, job.error.message, {
      ...(job.error.location ? { location: job.error.location } : {}),
    });
  const head = {
    kind: 'bigquery#getQueryResultsResponse',
    jobReference: { projectId: job.project, jobId: job.id, location: job.location },
    jobComplete: job.state === 'DONE',
  };
  if (!head.jobComplete) return { body: head };
  const page = job.result ? await pageOf(service, job, asked) : { rows: [], totalRows: 0 };
  return {
    body: {
      ...head,
      schema: { fields: job.analysis.compiled.fields.map(writeField) },
      totalRows: String(page.totalRows),
      pageToken: page.pageToken,
      totalBytesProcessed: String(job.processedBytes),
      totalBytesBilled: String(job.billedBytes),
      cacheHit: job.cacheHit,
    },
    rows: page.rows,
  };
}

/** Ten seconds unless asked otherwise; the timer must not keep a process alive. */
async function patience(asked: URLSearchParams): Promise<void> {
  const timeoutMs = Math.min(Number(asked.get('timeoutMs') ?? 10_000), longestWaitMs);
  await sleep(timeoutMs, undefined, { ref: false });
}

function pageOf(service: Service, job: Job, asked: URLSearchParams): Promise<Page> {
  return readPage(service, job.result!.table, {
    startIndex: startOf(asked),
    maxResults: Number(asked.get('maxResults') ?? Number.MAX_SAFE_INTEGER),
    timestamps: timestampFormat(asked),
    fields: job.analysis.compiled.fields,
  });
}
