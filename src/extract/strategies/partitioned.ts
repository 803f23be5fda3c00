/** partitioned: the value of a column decides the part; only partitions that changed are read again where the source can tell, and only those are written. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnPlan, ReadPlan } from '../../connectors/read-way.ts';
import { durationMs, nullPartition, type ReadRange, unparsablePartition } from '../../connectors/table-options.ts';
import type { TableRequest } from '../../connectors/table-request.ts';
import { identifier, literal } from '../../duckdb/quote.ts';
import { readParquet } from '../../duckdb/read-files.ts';
import { checkRejects } from '../check-rejects.ts';
import { withExactColumns } from '../exact-columns.ts';
import { rowGroupRowsOf } from '../layout.ts';
import { loadEmptyPart } from '../load-piece.ts';
import type { StrategyAnswer } from '../loaded.ts';
import { keepRejects } from '../rejects.ts';
import type { Run } from '../run.ts';
import { publishedColumns, schemaChanges } from '../schema-changes.ts';
import { stage, unionOf } from '../stage.ts';
import type { Before } from '../table-before.ts';
import { laidOut, type PublishedPiece, publishedPieces, renewed } from './published-piece.ts';
import { sealQuery } from './seal-query.ts';
import type { TableWork } from './table-work.ts';

const hashBuckets = 16;
const formats = { day: '%Y-%m-%d', month: '%Y-%m', year: '%Y' } as const;

export async function loadPartitioned(run: Run, table: TableRequest, before: Before): Promise<StrategyAnswer> {
  const told = await changedPartitions(run, table, before);
  const plan = await run.reading.plan(table, {
    range: told === null ? { kind: 'all' } : partitionRange(table, told.changed),
    previousFingerprint: run.request.full || told !== null ? null : (before.state?.fingerprint ?? null),
    previousColumns: before.columns,
    remembered: before.state?.remembered ?? null,
  });
  if (plan.kind !== 'read') return plan;
  return withExactColumns(run, plan, before, async (columns, warnings) => {
    const changedColumns = schemaChanges(before.columns, publishedColumns(columns)).length > 0;
    // Parts of one table have one set of columns, so new columns mean that every partition is read.
    if (told !== null && changedColumns && before.columns !== null)
      return loadPartitioned({ ...run, request: { ...run.request, full: true } }, table, before);
    // Only now: a column that is new or has another name changes no row.
    if (told !== null && told.changed.length === 0 && told.gone.length === 0)
      return { kind: 'unchanged', reason: 'no partition has changed since the last sync' };
    return readPartitions(
      { run, table, before, columns, rowGroupRows: rowGroupRowsOf(plan, before.state) },
      plan,
      told,
      changedColumns,
      warnings,
    );
  });
}

interface Told {
  fingerprints: Map<string, string>;
  changed: string[];
  gone: string[];
}

/** What the source says of its partitions against what is remembered; null when everything must be read. */
export async function changedPartitions(
  run: Pick<Run, 'reading'> & { request: Pick<Run['request'], 'full'> },
  table: TableRequest,
  before: Before,
): Promise<Told | null> {
  const { options } = table;
  if (options.granularity === 'hash' || before.state === null || run.request.full) return null;
  if (
    options.full_refresh_every !== undefined &&
    Date.now() - Date.parse(before.state.last_full_at ?? '1970-01-01') >= durationMs(options.full_refresh_every)
  )
    return null;
  const listed = await run.reading.partitions?.(table);
  if (!listed) return null;
  const fingerprints = new Map(listed.map((partition) => [partition.value ?? nullPartition, partition.fingerprint]));
  const known = new Map(before.state.pieces.map((piece) => [piece.id, piece.fingerprint]));
  return {
    fingerprints,
    changed: [...fingerprints]
      .filter(([value, fingerprint]) => known.get(value) !== fingerprint)
      .map(([value]) => value),
    gone: [...known.keys()].filter((value) => !fingerprints.has(value)),
  };
}

export function partitionRange({ options }: TableRequest, values: string[]): ReadRange {
  const granularity =
    options.granularity === 'hash' || options.granularity === undefined ? 'month' : options.granularity;
  return { kind: 'partitions', column: options.partition_by ?? '', granularity, values };
}

async function readPartitions(
  work: TableWork,
  plan: ReadPlan,
  told: Told | null,
  changedColumns: boolean,
  warnings: string[],
): Promise<StrategyAnswer> {
  const { run, table, before, columns, rowGroupRows } = work;
  const listed = told ?? (await fingerprintsNow(run, table));
  const staged = await stage(run, table, plan, columns, rowGroupRows);
  try {
    checkRejects(plan, staged.rejects.length, staged.rows);
    const fresh = await writePartitions(work, staged.files, listed?.fingerprints ?? null);
    const kept =
      told === null || before.state === null || changedColumns
        ? []
        : publishedPieces(work, before.state).filter(
            (piece) => !told.changed.includes(piece.state.id) && !told.gone.includes(piece.state.id),
          );
    const pieces = [...kept, ...fresh].sort((a, b) => (a.state.id < b.state.id ? -1 : 1));
    await keepRejects(run, table.id, staged.rejects, staged.rejects.length, null);
    const out = laidOut(pieces);
    return {
      kind: 'loaded',
      loaded: {
        columns,
        parts: out.parts.length > 0 ? out.parts : [await loadEmptyPart(run, table, columns)],
        pieces: out.pieces,
        rowGroupRows,
        fingerprint: plan.fingerprint ?? null,
        remembered: plan.remember ?? null,
        watermark: null,
        lastFullAt: told === null ? new Date().toISOString() : (before.state?.last_full_at ?? null),
        rejected: staged.rejects.length,
        rejectsRun: staged.rejects.length > 0 ? run.request.runId : null,
        warnings,
      },
    };
  } finally {
    await staged.remove();
  }
}

async function fingerprintsNow(run: Run, table: TableRequest): Promise<Pick<Told, 'fingerprints'> | null> {
  if (table.options.granularity === 'hash') return null;
  const listed = await run.reading.partitions?.(table);
  return listed
    ? { fingerprints: new Map(listed.map((partition) => [partition.value ?? nullPartition, partition.fingerprint])) }
    : null;
}

/** Splits the rows by partition in one pass, then sorts each partition into its part. */
async function writePartitions(
  work: TableWork,
  files: readonly string[],
  fingerprints: Map<string, string> | null,
): Promise<PublishedPiece[]> {
  if (files.length === 0) return [];
  const { run, table, columns } = work;
  const directory = join(run.scratch, `partitions-${randomUUID()}`);
  await mkdir(directory, { recursive: true });
  const session = await run.database.connect();
  const list = columns.map((column) => identifier(column.name)).join(', ');
  try {
    await session.run(
      `COPY (SELECT ${list}, ${partitionValue(table, columns)} AS da_partition FROM ${unionOf(files, columns)}) TO ${literal(directory)} (FORMAT parquet, PARTITION_BY (da_partition), COMPRESSION snappy)`,
    );
    const pieces: PublishedPiece[] = [];
    for (const folder of (await readdir(directory)).sort()) {
      const id = decodeURIComponent(folder.slice('da_partition='.length));
      const parts = await readdir(join(directory, folder));
      const rows = `SELECT ${list} FROM ${readParquet(parts.map((file) => join(directory, folder, file)))}`;
      const sealed = await sealQuery(work, session, rows, orderBy(table, columns), id);
      pieces.push(
        renewed(
          work,
          { id, fingerprint: fingerprints?.get(id) ?? null, parts: [], rejected: 0, part_rows: null, low: null },
          sealed,
        ),
      );
    }
    return pieces;
  } finally {
    session.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** SQL for the name of a row's partition. */
function partitionValue(table: TableRequest, columns: readonly ColumnPlan[]): string {
  const { granularity = 'month', partition_by } = table.options;
  if (granularity === 'hash') {
    const keys = partition_by === undefined ? table.primary_key : [partition_by];
    return `format('{:02d}', hash(${keys.map(identifier).join(', ')}) % ${hashBuckets})`;
  }
  const column = identifier(partition_by ?? '');
  const type = columns.find((one) => one.name === partition_by)?.type ?? 'VARCHAR';
  const time = /^(DATE|TIMESTAMP)/.test(type) ? column : `TRY_CAST(${column} AS TIMESTAMP)`;
  return `CASE WHEN ${column} IS NULL THEN ${literal(nullPartition)} WHEN ${time} IS NULL OR NOT isfinite(${time}) THEN ${literal(unparsablePartition)} ELSE strftime(${time}, ${literal(formats[granularity])}) END`;
}

function orderBy(table: TableRequest, columns: readonly ColumnPlan[]): string {
  const names = columns.map((column) => column.name);
  const key = table.primary_key.filter((name) => names.includes(name));
  return [...new Set([...key, ...names])].map(identifier).join(', ');
}
