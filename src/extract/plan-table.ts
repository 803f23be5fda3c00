/** Says what a sync of a table would read, without moving a row: how much, why, and how the columns would differ. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadPlan, TablePlan } from '../connectors/read-way.ts';
import type { ReadRange } from '../connectors/table-options.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import { extractFolder } from '../contract/extract-folder.ts';
import { readExtractCatalogue } from '../contract/read.ts';
import type { Column } from '../contract/shapes.ts';
import { Database } from '../duckdb/database.ts';
import { createScratch } from '../publish/scratch.ts';
import { withUniqueNames } from './columns.ts';
import { estimatePieces, piecesToRead } from './estimate-plan.ts';
import { intendedRead } from './intended-read.ts';
import { openReading } from './open-reading.ts';
import { publishedColumns, schemaChanges } from './schema-changes.ts';
import type { ExtractRequest, PlannedSync } from './shapes.ts';
import { connectorOf } from './source-context.ts';
import { type Before, publishedBefore } from './table-before.ts';

export async function planTable(
  request: Omit<ExtractRequest, 'runId' | 'tables'>,
  table: TableRequest,
  signal: AbortSignal,
): Promise<PlannedSync> {
  const folder = extractFolder(request.dataDirectory, request.source.name);
  await mkdir(folder.work, { recursive: true });
  await using scratch = await createScratch(folder.work);
  const { memoryLimit, threads, extensionDirectories } = request.duckdb;
  const limits = { memoryLimit, threads, extensionDirectories, tempDirectory: join(scratch.directory, 'spill') };
  const published = await readExtractCatalogue(folder, limits);
  await using database = await Database.inMemory(limits);
  const before = await publishedBefore({ folder, published }, table);
  const notes: string[] = [];
  const connector = await connectorOf(request.source);
  const reading = await openReading(connector, {
    request,
    scratch: scratch.directory,
    database,
    published,
    signal,
    emit: (event) => event.kind === 'note' && notes.push(event.message),
  });
  try {
    const asking = { request, reading, database, serves: connector.serves };
    const { range, reason, anew } = await intendedRead(asking, table, before);
    const looked = await reading.plan(table, {
      range,
      previousFingerprint: anew ? null : (before.state?.fingerprint ?? null),
      previousColumns: before.columns,
      remembered: before.state?.remembered ?? null,
      full: request.full ?? false,
      estimate: true,
    });
    const plan = leavesAll(looked, range, reason, before) ? { kind: 'unchanged' as const, reason } : looked;
    const pieces = plan.kind === 'read' ? piecesToRead(table, connector.serves, plan, before, anew) : [];
    const estimate = plan.kind === 'read' ? await estimatePieces(plan, pieces) : { rows: 0, bytes: 0 };
    return described(table, before, plan, { range, reason, pieces: pieces.length, ...estimate, notes });
  } finally {
    await reading.close();
  }
}

/** No partition has changed, and the columns are as they were. */
function leavesAll(plan: TablePlan, range: ReadRange, reason: string | null, before: Before): reason is string {
  if (plan.kind !== 'read' || range.kind !== 'partitions' || reason === null) return false;
  return schemaChanges(before.columns, publishedColumns(withUniqueNames(plan.columns).columns)).length === 0;
}

interface Facts {
  range: ReadRange;
  reason: string | null;
  rows: number | null;
  bytes: number | null;
  pieces: number;
  notes: string[];
}

function described(
  table: TableRequest,
  before: Before,
  plan: TablePlan,
  { range, reason, rows, bytes, pieces, notes }: Facts,
): PlannedSync {
  const facts = {
    id: table.id,
    sync_strategy: table.sync_strategy,
    range,
    published_rows: before.table?.meta.rows ?? null,
    published_bytes: before.table?.meta.size_bytes ?? null,
  };
  if (plan.kind === 'unchanged' || plan.kind === 'postponed') {
    return {
      ...facts,
      action: plan.kind,
      reason: plan.reason,
      rows: 0,
      bytes: 0,
      pieces: 0,
      columns: before.columns ?? [],
      schema_changes: [],
      warnings: notes,
    };
  }
  const columns: Column[] =
    plan.kind === 'remote' ? plan.columns : publishedColumns(withUniqueNames(plan.columns).columns);
  return {
    ...facts,
    action:
      plan.kind === 'remote' ? 'remote' : plan.kind === 'read' && isPartial(range, plan, pieces) ? 'changes' : 'full',
    reason,
    rows,
    bytes,
    pieces,
    columns,
    schema_changes: schemaChanges(before.columns, columns),
    warnings: [...(plan.warnings ?? []), ...(plan.kind === 'read' ? (plan.estimate?.notes ?? []) : []), ...notes],
  };
}

function isPartial(range: ReadRange, plan: ReadPlan, pieces: number): boolean {
  return range.kind !== 'all' || pieces < plan.pieces.length;
}
