/** Takes a query request in: checks it, answers dry runs, starts the rest. */
import { randomUUID } from 'node:crypto';
import { accessDenied, userProjectDenied } from '../control/permissions.ts';
import { invalidQuery, ServiceError } from '../rest/service-error.ts';
import type { Service } from '../service.ts';
import { analyze, asQueryError } from './analyze.ts';
import { type Job, type JobConfiguration, jobKey } from './job.ts';
import { cachedResult } from './results.ts';
import { runJob } from './run-job.ts';

export interface StartRequest {
  project: string;
  jobId?: string;
  location?: string;
  configuration: JobConfiguration;
}

export async function startJob(service: Service, request: StartRequest): Promise<Job> {
  const { project, configuration } = request;
  if (!service.permissions.allows('serviceusage.services.use', project)) throw userProjectDenied(project);
  if (!service.permissions.allows('bigquery.jobs.create', project))
    throw accessDenied('Project', project, 'bigquery.jobs.create');
  const { query } = configuration;
  if (!query) throw new ServiceError('notImplemented', 'This double runs query jobs only');
  if (query.useLegacySql !== false)
    throw invalidQuery(
      'Legacy SQL, which is the default of this request, is not known to this double: send useLegacySql false',
    );
  const id = request.jobId ?? randomUUID();
  if (!configuration.dryRun && service.jobs.has(jobKey(project, id))) {
    throw new ServiceError('duplicate', `Already Exists: Job ${project}:${request.location ?? 'US'}.${id}`);
  }
  checkLabels(configuration.labels ?? {});
  const analysis = await analyze(service, {
    ...query,
    project,
    ...(request.location ? { location: request.location } : {}),
  }).catch((error) => {
    throw asQueryError(error);
  });
  const job: Job = {
    project,
    id,
    location: analysis.location,
    user: service.permissions.identity,
    configuration: { ...configuration, jobType: 'QUERY' },
    analysis,
    state: 'PENDING',
    createdMs: service.warehouse.clock.nowMs(),
    cacheHit: false,
    processedBytes: 0,
    billedBytes: 0,
    fault: {},
    cancelRequested: false,
    wake: new AbortController(),
    finished: Promise.resolve(),
  };
  if (configuration.dryRun) return estimated(service, job);
  service.jobs.set(jobKey(project, id), job);
  job.fault = service.faults.take('job');
  job.finished = runJob(service, job);
  return job;
}

async function estimated(service: Service, job: Job): Promise<Job> {
  job.cacheHit = (await cachedResult(service, job)) !== undefined;
  job.processedBytes = job.cacheHit ? 0 : job.analysis.cost.estimatedBytes;
  job.state = 'DONE';
  return job;
}

function checkLabels(labels: Record<string, string>): void {
  for (const [key, value] of Object.entries(labels)) {
    const good =
      /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key) && /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(value);
    if (!good) throw new ServiceError('invalid', `Label "${key}": "${value}" has invalid characters or is too long`);
  }
}
