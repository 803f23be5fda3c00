/** One run of one source: lock, look, load each table, publish what succeeded, report. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { Postponed } from '../connectors/postponed.ts';
import type { ReadSession } from '../connectors/read-way.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import { type ExtractFolder, extractFolder } from '../contract/extract-folder.ts';
import { readExtractCatalogue } from '../contract/read.ts';
import type { ExtractCatalogue } from '../contract/shapes.ts';
import type { DatabaseLimits } from '../duckdb/database.ts';
import { AttacheError, toErrorRecord } from '../errors/attache-error.ts';
import { takeLock } from '../files/lock.ts';
import { publish } from '../publish/publish.ts';
import { createScratch, sweepScratch } from '../publish/scratch.ts';
import { checkDiskSpace } from './disk-space.ts';
import { gatherProgress } from './gather-progress.ts';
import { loadTable, type TableOutcome } from './load-table.ts';
import { openReading } from './open-reading.ts';
import { openRunDatabase, openStreamDatabase, piecesAtOnce } from './piece-database.ts';
import { pipesIn } from './pipe.ts';
import { dropOldRejects } from './rejects.ts';
import type { Run } from './run.ts';
import type { ExtractEvent, ExtractReport, ExtractRequest, TableResult } from './shapes.ts';
import { connectorOf } from './source-context.ts';

interface RunOptions {
  signal: AbortSignal;
  onEvent(event: ExtractEvent): void;
}

/** Runs in the child process. Throws only what stops the run as a whole before any table is touched. */
export async function runExtract(request: ExtractRequest, { signal, onEvent }: RunOptions): Promise<ExtractReport> {
  const folder = extractFolder(request.dataDirectory, request.source.name);
  await mkdir(folder.work, { recursive: true });
  await using _lock = await takeLock(join(folder.work, 'lock'), `The source ${folder.source}`);
  await sweepScratch(folder.work);
  await dropOldRejects(folder);
  await using scratch = await createScratch(folder.work);
  const limits = databaseLimits(request, scratch.directory);
  const published = await readExtractCatalogue(folder, limits);
  await checkDiskSpace(folder, published, request.tables);
  const connector = await connectorOf(request.source);
  await using database = await openRunDatabase(limits);
  await using streamDatabase = await openStreamDatabase(connector, limits);
  const notes: string[] = [];
  const emit = gatherProgress((event) => {
    if (event.kind === 'note') notes.push(event.message);
    onEvent(event);
  });
  const outcomes = await readTables({
    request,
    connector,
    folder,
    scratch: scratch.directory,
    database,
    streamDatabase,
    databaseLimits: limits,
    published,
    signal,
    emit,
    copySlot: pLimit(piecesAtOnce(limits)),
    pipe: pipesIn(join(scratch.directory, 'pipes')),
  });
  const live = await publishOutcomes(folder, outcomes, published, scratch.directory, limits);
  return {
    source: folder.source,
    generation: live.generation,
    tables: outcomes.map((outcome) => outcome.result),
    notes,
  };
}

function databaseLimits(request: ExtractRequest, scratch: string): DatabaseLimits {
  const { memoryLimit, threads, extensionDirectories } = request.duckdb;
  return { memoryLimit, threads, extensionDirectories, tempDirectory: join(scratch, 'spill') };
}

/** Opens the source once and loads its tables; a source that cannot be opened fails every table with the same reason. */
async function readTables(run: Omit<Run, 'reading'>): Promise<TableOutcome[]> {
  const { connector, request } = run;
  let reading: ReadSession;
  try {
    reading = await openReading(connector, { ...run, database: run.streamDatabase ?? run.database });
  } catch (thrown) {
    return request.tables.map((table) => announced(run, failedOutcome(run, table, thrown, new Date())));
  }
  try {
    const tableSlot = pLimit(connector.parallel?.tables ?? 2);
    return await Promise.all(request.tables.map((table) => tableSlot(() => outcomeOf({ ...run, reading }, table))));
  } finally {
    await reading
      .close()
      .catch((thrown: unknown) =>
        run.emit({ kind: 'note', message: `Closing the source: ${toErrorRecord(thrown).message}` }),
      );
  }
}

async function outcomeOf(run: Run, table: TableRequest): Promise<TableOutcome> {
  const startedAt = new Date();
  try {
    run.signal.throwIfAborted();
    run.emit({ kind: 'table_started', table: table.id });
    return announced(run, await loadTable(run, table, startedAt));
  } catch (thrown) {
    return announced(run, failedOutcome(run, table, thrown, startedAt));
  }
}

/** What a frozen table refused. */
function refusedChanges(thrown: unknown): string[] {
  const refused = thrown instanceof AttacheError && thrown.code === 'schema_changed';
  return refused ? thrown.faults.map((fault) => fault.message) : [];
}

/** A failed, postponed or cancelled table keeps what it had. */
function failedOutcome(
  run: Pick<Run, 'published' | 'signal'>,
  table: TableRequest,
  thrown: unknown,
  startedAt: Date,
): TableOutcome {
  const kept = run.published.tables.get(table.id)?.meta;
  const postponed = thrown instanceof Postponed;
  const result: TableResult = {
    id: table.id,
    status: run.signal.aborted ? 'cancelled' : postponed ? 'postponed' : 'failed',
    rows: kept?.rows ?? null,
    size_bytes: kept?.size_bytes ?? null,
    rejected: 0,
    schema_changes: refusedChanges(thrown),
    warnings: postponed ? [thrown.message] : [],
    error: run.signal.aborted
      ? {
          code: 'cancelled',
          message: 'The run was cancelled before this table was finished.',
          hint: 'Its old data stays.',
        }
      : postponed
        ? null
        : toErrorRecord(thrown),
    started_at: startedAt.toISOString(),
    finished_at: new Date().toISOString(),
  };
  return { result, publication: null };
}

function announced(run: Pick<Run, 'emit'>, outcome: TableOutcome): TableOutcome {
  run.emit({ kind: 'table_finished', result: outcome.result });
  return outcome;
}

async function publishOutcomes(
  folder: ExtractFolder,
  outcomes: TableOutcome[],
  published: ExtractCatalogue,
  scratch: string,
  limits: DatabaseLimits,
): Promise<ExtractCatalogue> {
  const tables = new Map(
    outcomes.flatMap(({ result, publication }) => (publication === null ? [] : [[result.id, publication] as const])),
  );
  if (tables.size === 0) return published;
  const remoteAttach = outcomes.flatMap((outcome) => outcome.remoteAttach ?? []);
  return publish(
    folder,
    { tables, ...(remoteAttach.length > 0 ? { remoteAttach: dedupe(remoteAttach) } : {}) },
    scratch,
    limits,
  );
}

function dedupe<T>(rows: T[]): T[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}
