/** `export-async`: judge the request, look into the cache, make a job. */
import { join } from 'node:path';
import { isZoned } from '../data/types.ts';
import { unloadSlices } from '../data/unload.ts';
import { jsonReply, type Reply } from '../http/reply.ts';
import { sourceOf, type Table, visibleColumns } from '../world.ts';
import { type Call, findTable } from './call.ts';
import { ApiError, validation } from './errors.ts';
import { storeExportFile } from './export-file.ts';
import { type ExportRequest, readBody, readExportRequest } from './export-request.ts';
import { type Job, type JobOutcome, jobShape, moveJobs, runJobNow } from './jobs.ts';

export async function exportAsync(call: Call): Promise<Reply> {
  const { service, request, project, token, params } = call;
  const body = readBody(call);
  const sourceBranch = project.branches.find(({ id }) => String(id) === String(body.sourceBranchId));
  if (body.sourceBranchId !== undefined && !sourceBranch)
    throw new ApiError(404, 'storage.devBranch.notFound', 'Source branch not found');
  const table = findTable(call, params.tableId!, sourceBranch);
  const wanted = readExportRequest(call, table, body);
  if (service.settings.oldBigquery === 'request' && wanted.fileType === 'parquet') {
    throw validation(['fileType: Only CSV is supported by this backend.']);
  }
  const runId = request.headers['x-kbc-runid'] ?? '';
  const job: Job = {
    id: service.nextId(),
    project,
    token,
    status: 'waiting',
    operationName: 'tableExport',
    operationParams: { export: body },
    tableId: table.id,
    runId,
    createdMs: service.clock.now(),
    fate: service.faults.jobFateOf(request.entry),
    polls: 0,
    work: () => runExport(call, table, wanted, runId),
  };
  service.jobs.push(job);
  if (service.settings.terminalJobs) await runJobNow(service, job);
  const reply = jsonReply(202, jobShape(service, job));
  moveJobs(service);
  return reply;
}

async function runExport(call: Call, table: Table, wanted: ExportRequest, runId: string): Promise<JobOutcome> {
  const { service, project, token } = call;
  const refusal = refusalOf(call, table, wanted);
  if (refusal) return { error: refusal };
  const key = cacheKey(service.settings.fileProvider, table, wanted);
  const cached = service.cache.get(key);
  const now = service.clock.now();
  if (cached && cached.readyMs <= now && now < cached.file.expiresMs) {
    return { results: { file: { id: cached.file.id }, cacheHit: true }, outBytes: 0 };
  }
  const id = String(service.nextId());
  const folder = join(service.folder, `export-${id}`);
  const paths = await unloadSlices(service.database, {
    id,
    folder,
    table,
    backend: table.bucket.backend,
    selection: wanted.selection,
    fileType: wanted.fileType,
    gzip: wanted.gzip,
    timezone: wanted.timezone,
    settings: { ...service.settings },
  });
  const file = await storeExportFile(service, {
    paths,
    folder,
    table,
    project,
    token,
    runId,
    fileType: wanted.fileType,
    gzip: wanted.gzip,
  });
  service.cache.set(key, { file, readyMs: service.clock.now() + service.settings.cacheLagMs });
  return { results: { file: { id: file.id }, cacheHit: false }, outBytes: file.sizeBytes };
}

/** What ends the job in `error` although the request was well formed. */
function refusalOf({ service }: Call, table: Table, wanted: ExportRequest): JobOutcome['error'] {
  const error = (message: string) => ({ code: 'storage.tableExport', message, exceptionId: 'job-0123456789abcdef' });
  const shown = visibleColumns(table);
  const gone = wanted.selection.columns.filter((name) => !shown.some((column) => column.name === name));
  if (gone.length > 0) return error(`SQL compilation error: invalid identifier ${gone.join(', ')}`);
  if (wanted.fileType !== 'parquet') return undefined;
  if (service.settings.oldBigquery === 'job') return error('Unsupported file format: only CSV is supported.');
  const zoned = shown.filter((column) => wanted.selection.columns.includes(column.name) && isZoned(column));
  if (zoned.length === 0 || table.bucket.backend !== 'snowflake') return undefined;
  return error(
    `Error encountered when unloading to PARQUET: TIMESTAMP_TZ and LTZ types are not supported for unloading to Parquet. value: ${zoned[0]!.name}`,
  );
}

/** Same state and same parameters, whoever asks. */
function cacheKey(provider: string, table: Table, wanted: ExportRequest): string {
  return JSON.stringify([
    provider,
    table.id,
    table.bucket.project.id,
    sourceOf(table).physical,
    sourceOf(table).version,
    wanted,
  ]);
}
