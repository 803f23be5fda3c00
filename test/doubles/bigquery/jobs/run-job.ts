/** Runs a job: waits as scripted, minds the byte cap, writes the result. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '../rest/service-error.ts';
import type { Service } from '../service.ts';
import { asQueryError } from './analyze.ts';
import type { Job } from './job.ts';
import { cachedResult, writeResult } from './results.ts';

export async function runJob(service: Service, job: Job): Promise<void> {
  job.state = 'RUNNING';
  job.startedMs = service.warehouse.clock.nowMs();
  try {
    await work(service, job);
  } catch (error) {
    job.error = asQueryError(error);
  }
  job.endedMs = service.warehouse.clock.nowMs();
  job.state = 'DONE';
}

async function work(service: Service, job: Job): Promise<void> {
  const { cost } = job.analysis;
  const cached = await cachedResult(service, job);
  checkCap(job, cached ? 0 : cost.billedBytes);
  if (!cached) bill(service, job);
  await waitAsScripted(job);
  if (job.fault.jobFails) throw new ServiceError(job.fault.jobFails.reason, job.fault.jobFails.message);
  if (cached) {
    job.result = cached;
    job.cacheHit = true;
    return;
  }
  job.result = await writeResult(service, job);
}

function checkCap(job: Job, billedBytes: number): void {
  const cap = job.configuration.query?.maximumBytesBilled;
  if (cap === undefined || billedBytes <= Number(cap)) return;
  throw new ServiceError(
    'bytesBilledLimitExceeded',
    `Query exceeded limit for bytes billed: ${cap}. ${billedBytes} or higher required.`,
  );
}

/** From its start on a query costs; also when it is cancelled or fails afterwards. */
function bill(service: Service, job: Job): void {
  job.processedBytes = job.analysis.cost.processedBytes;
  job.billedBytes = job.analysis.cost.billedBytes;
  service.billed.bytes += job.billedBytes;
  service.billed.byJob.set(job.id, job.billedBytes);
}

async function waitAsScripted(job: Job): Promise<void> {
  const takes = job.fault.jobTakesMs ?? 0;
  const limit =
    job.configuration.jobTimeoutMs === undefined ? Number.POSITIVE_INFINITY : Number(job.configuration.jobTimeoutMs);
  await sleep(Math.min(takes, limit), undefined, { signal: job.wake.signal }).catch(() => undefined);
  if (job.cancelRequested) {
    await sleep(job.fault.cancelTakesMs ?? 0);
    throw new ServiceError('stopped', 'Job execution was cancelled: User requested cancellation');
  }
  if (takes > limit)
    throw new ServiceError('stopped', `Job execution was cancelled: Job timed out after ${limit / 1000}s`);
}

export function cancelJob(job: Job): void {
  if (job.state === 'DONE') return;
  job.cancelRequested = true;
  job.wake.abort();
}
