/** The routes of `/v2/storage` and which query parameters each one knows. */
import type { Reply } from '../http/reply.ts';
import type { RouteName } from '../journal.ts';
import type { Call } from './call.ts';
import { exportAsync } from './export-route.ts';
import { fileDetail } from './files.ts';
import { jobDetail, listJobs } from './jobs.ts';
import { preview } from './preview-route.ts';
import {
  branchDetail,
  bucketDetail,
  listBranches,
  listBuckets,
  listBucketTables,
  listTables,
  tableDetail,
  verify,
} from './read-routes.ts';

interface Route {
  name: RouteName;
  method: 'GET' | 'POST';
  /** Path below `/v2/storage` and below a branch prefix, if any. */
  path: RegExp;
  /** Whether the route also exists below `/branch/{id}`. */
  inBranch: boolean;
  query: string[];
  answer?(call: Call): Reply | Promise<Reply>;
}

const selection = [
  'changedSince',
  'changedUntil',
  'columns',
  'limit',
  'whereFilters',
  'whereColumn',
  'whereOperator',
  'whereValues',
  'orderBy',
];

const routes: Route[] = [
  { name: 'index', method: 'GET', path: /^\/?$/, inBranch: false, query: ['exclude'] },
  { name: 'verify', method: 'GET', path: /^\/tokens\/verify$/, inBranch: true, query: [], answer: verify },
  { name: 'branches', method: 'GET', path: /^\/dev-branches\/?$/, inBranch: false, query: [], answer: listBranches },
  {
    name: 'branch',
    method: 'GET',
    path: /^\/dev-branches\/(?<branchId>[^/]+)$/,
    inBranch: false,
    query: [],
    answer: branchDetail,
  },
  { name: 'buckets', method: 'GET', path: /^\/buckets$/, inBranch: true, query: ['include'], answer: listBuckets },
  {
    name: 'bucket',
    method: 'GET',
    path: /^\/buckets\/(?<bucketId>[^/]+)$/,
    inBranch: true,
    query: [],
    answer: bucketDetail,
  },
  {
    name: 'bucketTables',
    method: 'GET',
    path: /^\/buckets\/(?<bucketId>[^/]+)\/tables$/,
    inBranch: true,
    query: ['include'],
    answer: listBucketTables,
  },
  { name: 'tables', method: 'GET', path: /^\/tables$/, inBranch: true, query: ['include'], answer: listTables },
  {
    name: 'table',
    method: 'GET',
    path: /^\/tables\/(?<tableId>[^/]+)$/,
    inBranch: true,
    query: ['include'],
    answer: tableDetail,
  },
  {
    name: 'export',
    method: 'POST',
    path: /^\/tables\/(?<tableId>[^/]+)\/export-async$/,
    inBranch: true,
    query: [],
    answer: exportAsync,
  },
  {
    name: 'preview',
    method: 'GET',
    path: /^\/tables\/(?<tableId>[^/]+)\/data-preview$/,
    inBranch: true,
    query: [...selection, 'format', 'fulltextSearch'],
    answer: preview,
  },
  { name: 'jobs', method: 'GET', path: /^\/jobs$/, inBranch: false, query: ['limit', 'offset'], answer: listJobs },
  { name: 'job', method: 'GET', path: /^\/jobs\/(?<jobId>[^/]+)$/, inBranch: false, query: [], answer: jobDetail },
  {
    name: 'file',
    method: 'GET',
    path: /^\/files\/(?<fileId>[^/]+)$/,
    inBranch: true,
    query: ['federationToken'],
    answer: fileDetail,
  },
];

export interface Found {
  route: Route | undefined;
  params: Record<string, string>;
  branchId?: string;
  wrongMethod: boolean;
  branchPrefixedJob: boolean;
}

export function findRoute(method: string, rawPath: string): Found {
  const nothing: Found = { route: undefined, params: {}, wrongMethod: false, branchPrefixedJob: false };
  const below = /^\/v2\/storage(\/.*)?$/.exec(rawPath);
  if (!below) return nothing;
  const branched = /^\/branch\/([^/]+)(\/.*)$/.exec(below[1] ?? '');
  const path = branched ? branched[2]! : (below[1] ?? '');
  const matching = routes.filter((route) => route.path.test(path));
  if (branched && matching.some((route) => !route.inBranch))
    return { ...nothing, branchPrefixedJob: path.startsWith('/jobs') };
  const route = matching.find((candidate) => candidate.method === method);
  if (!route) return { ...nothing, wrongMethod: matching.length > 0 };
  const groups = Object.entries(route.path.exec(path)?.groups ?? {});
  const params = Object.fromEntries(groups.map(([name, value]) => [name, decodeURIComponent(value)]));
  return { ...nothing, route, params, branchId: branched?.[1] };
}
