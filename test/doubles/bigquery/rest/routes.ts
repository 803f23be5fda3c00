/** The endpoints, by HTTP method and path below /bigquery/v2. */
import type { Method } from '../control/faults.ts';
import type { Service } from '../service.ts';
import { getDataset, listDatasets, listProjects } from './datasets.ts';
import { cancel, deleteJob, getJob, insertJob, listJobs } from './jobs.ts';
import { getQueryResults, query } from './query-results.ts';
import type { Reply, RestCall } from './reply.ts';
import { getTable, listRows, listTables, testTablePermissions } from './tables.ts';

type Handler = (service: Service, call: RestCall) => Promise<Reply>;

interface Route {
  http: string;
  path: string;
  method: Method;
  handle: Handler;
}

const routes: Route[] = [
  { http: 'GET', path: 'projects', method: 'projects.list', handle: listProjects },
  { http: 'GET', path: 'projects/:project/datasets', method: 'datasets.list', handle: listDatasets },
  { http: 'GET', path: 'projects/:project/datasets/:dataset', method: 'datasets.get', handle: getDataset },
  { http: 'GET', path: 'projects/:project/datasets/:dataset/tables', method: 'tables.list', handle: listTables },
  { http: 'GET', path: 'projects/:project/datasets/:dataset/tables/:table', method: 'tables.get', handle: getTable },
  {
    http: 'GET',
    path: 'projects/:project/datasets/:dataset/tables/:table/data',
    method: 'tabledata.list',
    handle: listRows,
  },
  {
    http: 'POST',
    path: 'projects/:project/datasets/:dataset/tables/:table:testIamPermissions',
    method: 'tables.testIamPermissions',
    handle: testTablePermissions,
  },
  { http: 'POST', path: 'projects/:project/jobs', method: 'jobs.insert', handle: insertJob },
  { http: 'GET', path: 'projects/:project/jobs', method: 'jobs.list', handle: listJobs },
  { http: 'GET', path: 'projects/:project/jobs/:job', method: 'jobs.get', handle: getJob },
  { http: 'POST', path: 'projects/:project/jobs/:job/cancel', method: 'jobs.cancel', handle: cancel },
  { http: 'DELETE', path: 'projects/:project/jobs/:job/delete', method: 'jobs.delete', handle: deleteJob },
  { http: 'POST', path: 'projects/:project/queries', method: 'jobs.query', handle: query },
  { http: 'GET', path: 'projects/:project/queries/:job', method: 'jobs.getQueryResults', handle: getQueryResults },
];

const compiled = routes.map((route) => ({
  ...route,
  pattern: new RegExp(`^${route.path.replace(/:(\w+?)(?=:|\/|$)/g, segment)}$`),
}));

/** A verb behind a colon, as in tables/t:testIamPermissions, is literal. */
function segment(whole: string, name: string): string {
  return /^(project|dataset|table|job)$/.test(name) ? `(?<${name}>[^/:]+)` : whole;
}

export function findRoute(http: string, path: string): { route: Route; params: Record<string, string> } | undefined {
  for (const route of compiled) {
    const match = route.http === http ? route.pattern.exec(path) : null;
    if (match) {
      const params = Object.fromEntries(Object.entries(match.groups ?? {}).map(([k, v]) => [k, decodeURIComponent(v)]));
      return { route, params };
    }
  }
  return undefined;
}
