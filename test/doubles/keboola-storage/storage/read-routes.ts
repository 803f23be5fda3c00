/** Index, token, branches, buckets and tables. */
import { serviceDate } from '../clock.ts';
import type { Incoming } from '../http/listener.ts';
import { jsonReply, type Reply } from '../http/reply.ts';
import type { Service } from '../service.ts';
import type { Branch } from '../world.ts';
import { type Call, findBucket, findTable, mayRead, tablesOf } from './call.ts';
import { ApiError } from './errors.ts';
import { bucketShape, definition, phpMap, tableShape } from './shapes.ts';

export function index(service: Service, request: Incoming): Reply {
  const excluded = (request.query.get('exclude') ?? '').split(',');
  // The real list is megabytes of component descriptions; who forgets to exclude it pays here too.
  const components = () =>
    Array.from({ length: 4000 }, (_, n) => ({ id: `vendor.component-${n}`, description: 'x'.repeat(500) }));
  return jsonReply(200, {
    host: new URL(service.urls.storage).host,
    api: 'storage',
    version: 'v2',
    revision: 'double',
    documentation: 'https://keboola.docs.apiary.io/',
    services: ['import', 'query', 'queue', 'encryption'].map((id) => ({ id, url: service.urls.storage })),
    features: [],
    ...(excluded.includes('components') ? {} : { components: components() }),
  });
}

export function verify({ service, token, project }: Call): Reply {
  const { settings } = service;
  return jsonReply(200, {
    id: token.id,
    token: token.value,
    created: serviceDate(Date.UTC(2026, 0, 1)),
    description: token.description,
    uri: `${service.urls.storage}/v2/storage/tokens/${token.id}`,
    isMasterToken: token.isMaster,
    canManageBuckets: token.isMaster,
    canManageTokens: token.isMaster,
    canReadAllFileUploads: token.isMaster,
    canPurgeTrash: false,
    expires: token.expiresMs === undefined ? null : serviceDate(token.expiresMs),
    isExpired: token.expiresMs !== undefined && token.expiresMs <= service.clock.now(),
    isDisabled: token.isDisabled,
    dailyCapacity: 0,
    bucketPermissions: phpMap(token.bucketPermissions),
    organization: { id: '42' },
    owner: {
      id: project.id,
      name: project.name,
      type: 'production',
      region: settings.region,
      created: serviceDate(Date.UTC(2026, 0, 1)),
      expires: null,
      features: settings.features,
      dataSizeBytes: 1_000_000,
      rowsCount: 1000,
      hasMysql: false,
      hasSynapse: false,
      hasRedshift: false,
      hasSnowflake: settings.backend === 'snowflake',
      hasBigquery: settings.backend === 'bigquery',
      defaultBackend: settings.backend,
      assignedBackends: [settings.backend],
      fileStorageProvider: settings.fileProvider,
      limits: { 'storage.jobsParallelism': { name: 'storage.jobsParallelism', value: settings.jobsParallelism } },
      metrics: { 'kbcpa.adminsCount': { name: 'kbcpa.adminsCount', value: 1 } },
    },
    ...(token.isMaster ? { admin: { id: 7, name: 'Operator', features: [], role: 'admin' } } : {}),
  });
}

export function listBranches({ service, project }: Call): Reply {
  return jsonReply(
    200,
    project.branches.map((branch) => branchShape(service, branch)),
  );
}

export function branchDetail({ service, project, params }: Call): Reply {
  const branch = project.branches.find(
    ({ id, isDefault }) => String(id) === params.branchId || (params.branchId === 'default' && isDefault),
  );
  if (!branch) throw new ApiError(404, 'storage.devBranch.notFound', `Branch ${params.branchId} not found`);
  return jsonReply(200, branchShape(service, branch));
}

export function listBuckets(call: Call): Reply {
  const include = includes(call, ['metadata', 'linkedBuckets', 'attributes']);
  const readable = [...call.branch.buckets.values()].filter(({ id }) => mayRead(call.token, id));
  return jsonReply(
    200,
    readable.map((bucket) => bucketShape(call.service, bucket, include)),
  );
}

export function bucketDetail(call: Call): Reply {
  const bucket = findBucket(call, call.params.bucketId!);
  return jsonReply(200, bucketShape(call.service, bucket, new Set(['metadata', 'linkedBuckets'])));
}

const tableIncludes = [
  'columns',
  'buckets',
  'metadata',
  'columnMetadata',
  'sourceMetadata',
  'sourceColumnMetadata',
  'attributes',
];

export function listTables(call: Call): Reply {
  const include = includes(call, tableIncludes);
  const readable = [...call.branch.buckets.values()].filter(({ id }) => mayRead(call.token, id));
  return jsonReply(
    200,
    readable.flatMap(tablesOf).map((table) => tableShape(call.service, table, include)),
  );
}

export function listBucketTables(call: Call): Reply {
  const include = includes(call, tableIncludes);
  const bucket = findBucket(call, call.params.bucketId!);
  return jsonReply(
    200,
    tablesOf(bucket).map((table) => tableShape(call.service, table, include)),
  );
}

export function tableDetail(call: Call): Reply {
  includes(call, tableIncludes);
  const table = findTable(call, call.params.tableId!);
  const shape = tableShape(call.service, table, new Set([...tableIncludes, 'definition']));
  return jsonReply(200, {
    ...shape,
    ...(table.isTyped && !('definition' in shape) ? { definition: definition(table) } : {}),
  });
}

function branchShape(service: Service, branch: Branch) {
  return {
    id: branch.id,
    name: branch.name,
    description: '',
    isDefault: branch.isDefault,
    created: serviceDate(branch.createdMs),
    creatorToken: { id: service.tokens[0]!.id, name: service.tokens[0]!.description },
  };
}

function includes({ service, request }: Call, known: string[]): Set<string> {
  const asked = (request.query.get('include') ?? '').split(',').filter(Boolean);
  for (const name of asked)
    if (!known.includes(name)) service.violations.record('unknown-include', name, request.entry);
  return new Set(asked);
}
