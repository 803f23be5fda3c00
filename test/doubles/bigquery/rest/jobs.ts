/** jobs.insert, get, list, cancel, delete. */
import { accessDenied } from '../control/permissions.ts';
import { type Job, type JobConfiguration, jobKey } from '../jobs/job.ts';
import { cancelJob } from '../jobs/run-job.ts';
import { startJob } from '../jobs/start-job.ts';
import type { Service } from '../service.ts';
import { jobResource } from './job-resource.ts';
import { listPage } from './pages.ts';
import type { Reply, RestCall } from './reply.ts';
import { notFound, ServiceError } from './service-error.ts';

interface InsertBody {
  configuration?: JobConfiguration;
  jobReference?: { jobId?: string; location?: string };
}

export async function insertJob(service: Service, { params, body }: RestCall): Promise<Reply> {
  const { configuration = {}, jobReference = {} } = body as InsertBody;
  const { jobId, location } = jobReference;
  service.care.query(configuration, jobId);
  const job = await startJob(service, {
    project: params.project!,
    configuration,
    ...(jobId ? { jobId } : {}),
    ...(location ? { location } : {}),
  });
  return { body: jobResource(job) };
}

export async function getJob(service: Service, call: RestCall): Promise<Reply> {
  service.care.job('jobs.get', call.query.get('location'));
  return { body: jobResource(findJob(service, call)) };
}

export async function listJobs(service: Service, { params, query }: RestCall): Promise<Reply> {
  if (!service.permissions.allows('bigquery.jobs.list', params.project!))
    throw accessDenied('Project', params.project!, 'bigquery.jobs.list');
  const states = query.getAll('stateFilter').map((s) => s.toUpperCase());
  const since = Number(query.get('minCreationTime') ?? 0);
  const jobs = [...service.jobs.values()]
    .filter((j) => j.project === params.project && j.createdMs >= since)
    .filter((j) => states.length === 0 || states.includes(j.state))
    .reverse();
  const { items, nextPageToken } = listPage(jobs, query);
  const listed = items.map((job) => {
    const resource = jobResource(job);
    return { ...resource, state: job.state, ...(job.error ? { errorResult: job.error.entry() } : {}) };
  });
  return { body: { kind: 'bigquery#jobList', jobs: listed, nextPageToken } };
}

export async function cancel(service: Service, call: RestCall): Promise<Reply> {
  service.care.job('jobs.cancel', call.query.get('location'));
  const job = findJob(service, call);
  cancelJob(job);
  return { body: { kind: 'bigquery#jobCancelResponse', job: jobResource(job) } };
}

export async function deleteJob(service: Service, call: RestCall): Promise<Reply> {
  const job = findJob(service, call);
  if (job.state !== 'DONE') throw new ServiceError('invalid', `Cannot delete job ${job.id}: it is still running`);
  service.jobs.delete(jobKey(job.project, job.id));
  return { body: {} };
}

/** Outside the two multi-regions a job is only found with its location. */
export function findJob(service: Service, { params, query }: RestCall): Job {
  const job = service.jobs.get(jobKey(params.project!, params.job!));
  const wanted = query.get('location')?.toUpperCase();
  const here = job?.location.toUpperCase();
  if (!job || (wanted ? wanted !== here : here !== 'US' && here !== 'EU'))
    throw notFound(`Job ${params.project}:${params.job}`);
  return job;
}
