/** Asynchronous jobs: waiting, processing, success or error, over the service's clock and within the project's limit. */
import { serviceDate } from '../clock.ts';
import type { JobFate } from '../faults/rules.ts';
import { jsonReply, type Reply } from '../http/reply.ts';
import type { Service } from '../service.ts';
import type { Project, Token } from '../world.ts';
import type { Call } from './call.ts';
import { ApiError } from './errors.ts';

export interface JobOutcome {
  results?: { file: { id: number }; cacheHit: boolean };
  error?: { code: string; message: string; exceptionId: string };
  outBytes?: number;
}

export interface Job {
  id: number;
  project: Project;
  token: Token;
  status: 'waiting' | 'processing' | 'success' | 'error';
  operationName: string;
  operationParams: Record<string, unknown>;
  tableId: string;
  runId: string;
  createdMs: number;
  startMs?: number;
  endMs?: number;
  fate: JobFate;
  polls: number;
  work: () => Promise<JobOutcome>;
  outcome?: JobOutcome;
}

/** Moves every job as far as the clock and the limit allow. */
export function moveJobs(service: Service): void {
  const now = service.clock.now();
  for (const job of service.jobs) {
    if (job.status === 'processing' && job.outcome && now >= job.startMs! + service.settings.jobProcessingMs)
      finish(job, now);
  }
  for (const job of service.jobs) {
    if (job.status !== 'waiting' || job.fate.stuck === 'waiting') continue;
    if (now < job.createdMs + service.settings.jobWaitingMs) continue;
    const running = service.jobs.filter(
      (other) => other.project === job.project && other.status === 'processing',
    ).length;
    if (running >= service.settings.jobsParallelism) continue;
    start(service, job, now);
  }
}

/** Runs a job at once, as far as its fate lets it. */
export async function runJobNow(service: Service, job: Job): Promise<void> {
  if (job.fate.stuck) return;
  job.outcome = await job.work();
  job.startMs = service.clock.now();
  finish(job, service.clock.now());
}

export function jobShape(service: Service, job: Job): Record<string, unknown> {
  const finished = job.status === 'success' || job.status === 'error';
  const results = job.fate.results !== undefined ? job.fate.results : (job.outcome?.results ?? null);
  return {
    id: job.id,
    status: job.status,
    url: `${service.urls.storage}/v2/storage/jobs/${job.id}`,
    tableId: job.tableId,
    operationName: job.operationName,
    operationParams: job.operationParams,
    createdTime: serviceDate(job.createdMs),
    startTime: job.startMs === undefined ? null : serviceDate(job.startMs),
    endTime: job.endMs === undefined ? null : serviceDate(job.endMs),
    runId: job.runId,
    results: finished && job.status === 'success' ? results : null,
    creatorToken: { id: job.token.id, description: job.token.description },
    metrics: {
      inCompressed: false,
      inBytes: 0,
      inBytesUncompressed: 0,
      outCompressed: true,
      outBytes: job.outcome?.outBytes ?? 0,
    },
    ...(job.status === 'error' ? { error: job.outcome!.error } : {}),
  };
}

export function jobDetail({ service, project, params }: Call): Reply {
  const job = service.jobs.find((candidate) => String(candidate.id) === params.jobId && candidate.project === project);
  if (job) job.polls += 1;
  if (!job || job.polls >= (job.fate.vanishAtPoll ?? Number.POSITIVE_INFINITY)) {
    throw new ApiError(404, 'storage.jobs.notFound', `Job "${params.jobId}" not found`);
  }
  moveJobs(service);
  return jsonReply(200, jobShape(service, job));
}

export function listJobs({ service, project, request }: Call): Reply {
  const offset = Number(request.query.get('offset') ?? 0);
  const jobs = service.jobs.filter((job) => job.project === project).reverse();
  return jsonReply(
    200,
    jobs.slice(offset, offset + Number(request.query.get('limit') ?? 20)).map((job) => jobShape(service, job)),
  );
}

function start(service: Service, job: Job, now: number): void {
  job.status = 'processing';
  job.startMs = now;
  if (job.fate.stuck === 'processing') return;
  job
    .work()
    .catch((error: Error) => ({
      error: { code: 'storage.double', message: `double failed: ${error.stack}`, exceptionId: 'double' },
    }))
    .then((outcome) => {
      job.outcome = outcome;
      moveJobs(service);
    });
}

function finish(job: Job, now: number): void {
  if (job.fate.error) job.outcome = { error: job.fate.error };
  job.status = job.outcome?.error ? 'error' : 'success';
  job.endMs = now;
}
