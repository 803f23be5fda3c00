/** Says what a sync of a table would read, without moving a row: how much, why, and how the columns would differ. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TablePlan, TableRequest } from '../connectors/connector.ts';
import type { ReadRange } from '../connectors/table-options.ts';
import { extractFolder } from '../contract/extract-folder.ts';
import { readExtractCatalogue } from '../contract/read.ts';
import type { Column } from '../contract/shapes.ts';
import { Database } from '../duckdb/database.ts';
import { createScratch } from '../publish/scratch.ts';
import { withUniqueNames } from './columns.ts';
import { openReading } from './open-reading.ts';
import { publishedColumns, schemaChanges } from './schema-changes.ts';
import type { ExtractRequest, PlannedSync } from './shapes.ts';
import { connectorOf } from './source-context.ts';
import { rangeFrom } from './strategies/watermark.ts';
import { whyFull } from './strategies/why-full.ts';
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
  const reading = await openReading(await connectorOf(request.source), {
    request,
    scratch: scratch.directory,
    database,
    published,
    signal,
    emit: (event) => event.kind === 'note' && notes.push(event.message),
  });
  try {
    const { range, reason } = await intended(request, table, before, database);
    const plan = await reading.plan(table, {
      range,
      previousFingerprint: request.full ? null : (before.state?.fingerprint ?? null),
      previousColumns: before.columns,
      remembered: before.state?.remembered ?? null,
    });
    return described(table, before, plan, range, reason, notes);
  } finally {
    await reading.close();
  }
}

/** The range the table's strategy would ask for, and why. */
async function intended(
  request: Pick<ExtractRequest, 'full' | 'since'>,
  table: TableRequest,
  before: Before,
  database: Database,
): Promise<{ range: ReadRange; reason: string | null }> {
  if (table.sync_strategy !== 'incremental') return { range: { kind: 'all' }, reason: null };
  const reason = whyFull(request, table, before.state);
  if (reason !== null) return { range: { kind: 'all' }, reason };
  const session = await database.connect();
  try {
    const type = before.columns?.find((column) => column.name === table.options.cursor)?.type ?? null;
    return { range: await rangeFrom(session, table, before.state?.watermark ?? '', type, request.since), reason: null };
  } finally {
    session.close();
  }
}

function described(
  table: TableRequest,
  before: Before,
  plan: TablePlan,
  range: ReadRange,
  reason: string | null,
  notes: string[],
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
    action: plan.kind === 'remote' ? 'remote' : range.kind === 'all' ? 'full' : 'changes',
    reason,
    rows: plan.kind === 'remote' ? 0 : (plan.rows ?? plan.estimate?.rows ?? null),
    bytes: plan.kind === 'remote' ? 0 : (plan.estimate?.bytes ?? null),
    pieces: plan.kind === 'remote' ? 0 : plan.pieces.length,
    columns,
    schema_changes: schemaChanges(before.columns, columns),
    warnings: [...(plan.warnings ?? []), ...(plan.kind === 'read' ? (plan.estimate?.notes ?? []) : []), ...notes],
  };
}
