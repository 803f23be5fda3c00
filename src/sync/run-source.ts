/** One source's share of a job: extract, then record each table's result. */
import type { SourceConfig } from '../config/shapes.ts';
import { AttacheError, type ErrorRecord, toErrorRecord } from '../errors/attache-error.ts';
import type { ExtractRequest, TableResult } from '../extract/shapes.ts';
import { listTables } from '../system/table-registry.ts';
import type { ActiveJob } from './active-job.ts';
import { recordResults } from './record-results.ts';
import type { SyncParts } from './sync-parts.ts';
import { tableRequest } from './table-request.ts';

/** Never throws for a table's sake: whatever stops the run is written to its tables, which keep their data. */
export async function runSource(parts: SyncParts, job: ActiveJob, name: string): Promise<void> {
  if (job.signal.aborted) return giveUp(parts, job, name, cancelledRecord());
  job.start(new Date());
  const startedAt = new Date();
  try {
    const results = await extract(parts, job, name);
    for (const result of results) job.settle(result);
    await recordResults(parts.state, job.row, results);
  } catch (thrown) {
    parts.log.warn({ source: name, job: job.row.id, err: thrown }, 'the run of a source failed');
    await giveUp(parts, job, name, job.signal.aborted ? cancelledRecord() : toErrorRecord(thrown), startedAt);
  }
}

async function extract(parts: SyncParts, job: ActiveJob, name: string): Promise<TableResult[]> {
  const source = configured(parts, name);
  const wanted = new Set(job.unfinishedOf(name).map((table) => table.id));
  // Read now, not when the job was asked for: an edit made while the job waited counts.
  const tables = (await parts.state.read(listTables)).filter(
    (table) => wanted.has(table.id) && table.source_name === name,
  );
  const request: ExtractRequest = {
    dataDirectory: parts.config.dataDirectory,
    runId: job.row.id,
    source,
    tables: tables.map(tableRequest),
    secrets: parts.secretsOf(source),
    duckdb: parts.config.duckdb,
    limits: parts.config.limits,
    ...job.reading,
  };
  const report = await parts.extract(request, { signal: job.signal, onEvent: (event) => job.hear(event) });
  const reported = new Set(report.tables.map((table) => table.id));
  const gone = [...wanted].filter((id) => !reported.has(id));
  return [...report.tables, ...gone.map((id) => unregistered(id))];
}

function configured(parts: SyncParts, name: string): SourceConfig {
  const source = parts.config.sources.get(name);
  if (source !== undefined) return source;
  throw new AttacheError('config_invalid', {
    message: `The source ${name} is not configured any more.`,
    hint: `Add it under sources: in the configuration, or unregister its tables.`,
  });
}

/** Ends the source's unfinished tables with one and the same reason; those that never started leave their state alone. */
async function giveUp(
  parts: SyncParts,
  job: ActiveJob,
  name: string,
  error: ErrorRecord,
  startedAt: Date | null = null,
): Promise<void> {
  const now = new Date().toISOString();
  const status = job.signal.aborted ? 'cancelled' : 'failed';
  const results = job.unfinishedOf(name).map(
    (table): TableResult => ({
      id: table.id,
      status,
      rows: null,
      size_bytes: null,
      rejected: 0,
      schema_changes: [],
      warnings: [],
      error,
      started_at: table.started_at ?? startedAt?.toISOString() ?? now,
      finished_at: now,
    }),
  );
  for (const result of results) job.settle(result);
  await recordResults(parts.state, job.row, startedAt === null ? [] : results);
}

function cancelledRecord(): ErrorRecord {
  return {
    code: 'cancelled',
    message: 'The job was cancelled before this table was finished.',
    hint: 'Its old data stays; trigger it again when you like.',
  };
}

function unregistered(id: string): TableResult {
  const now = new Date().toISOString();
  return {
    id,
    status: 'cancelled',
    rows: null,
    size_bytes: null,
    rejected: 0,
    schema_changes: [],
    warnings: [],
    error: { code: 'not_found', message: `The table ${id} was unregistered before its turn came.`, hint: null },
    started_at: now,
    finished_at: now,
  };
}
