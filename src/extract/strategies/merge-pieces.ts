/**
 * incremental by merge of a source that shows all its pieces in every run. Of the rows with one key the one with the greatest cursor is in the table; of equal
 * ones, and without a cursor, the one that comes last: in a later piece, or later in the same. The table depends on the pieces alone, not on the way they came.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnPlan, Piece, ReadPlan } from '../../connectors/read-way.ts';
import type { TableRequest } from '../../connectors/table-request.ts';
import { identifier } from '../../duckdb/quote.ts';
import { readParquet } from '../../duckdb/read-files.ts';
import { checkRejects } from '../check-rejects.ts';
import { copyStatement } from '../copy-statement.ts';
import { withExactColumns } from '../exact-columns.ts';
import { rowGroupRowsOf } from '../layout.ts';
import type { Loaded, StrategyAnswer } from '../loaded.ts';
import { keepRejects } from '../rejects.ts';
import type { Run } from '../run.ts';
import { schemaChanges } from '../schema-changes.ts';
import { type Staged, stage, unionOf } from '../stage.ts';
import type { Before } from '../table-before.ts';
import type { TableState } from '../table-state.ts';
import { layOutByKey } from './lay-out-by-key.ts';
import { checkKeys, mergeDelta } from './merge.ts';
import { publishedPieces } from './published-piece.ts';
import { requestForAll } from './request-for-all.ts';
import type { LaidOut, TableWork } from './table-work.ts';
import { whyAllPieces } from './why-full.ts';

export async function mergePieces(run: Run, table: TableRequest, before: Before): Promise<StrategyAnswer> {
  const reason = whyAllPieces(run.request, table, before.state);
  const plan = await run.reading.plan(table, requestForAll(run, before, reason !== null));
  if (plan.kind !== 'read') return plan;
  return withExactColumns(run, plan, before, async (columns, warnings) => {
    const work = { run, table, before, columns, rowGroupRows: rowGroupRowsOf(plan, before.state) };
    const added = reason === null ? addedPieces(plan, before, columns) : { all: reason };
    if ('all' in added && before.state !== null)
      run.emit({ kind: 'note', message: `${table.id} is read in full: ${added.all}` });
    const loaded =
      'all' in added || before.state === null
        ? await mergeAll(work, plan)
        : await mergeAdded(work, plan, before.state, added.pieces);
    return { kind: 'loaded', loaded: { ...loaded, warnings } };
  });
}

/** The pieces that follow the merged ones; or why an older row may be the right one again, so that all are needed. */
export function addedPieces(
  plan: ReadPlan,
  { state, columns: published }: Before,
  columns: readonly { name: string; type: string }[],
): { pieces: Piece[] } | { all: string } {
  const merged = state?.merged ?? [];
  const changes = schemaChanges(published, columns);
  if (changes.length > 0) return { all: `the columns changed: ${changes.join('; ')}` };
  const now = new Map(plan.pieces.map((piece) => [piece.id, piece.fingerprint]));
  for (const [index, { id, fingerprint }] of merged.entries()) {
    if (!now.has(id)) return { all: `${id} is gone` };
    if (fingerprint === null || now.get(id) !== fingerprint) return { all: `${id} changed` };
    if (plan.pieces[index]?.id !== id) return { all: `${plan.pieces[index]?.id} is new and comes before ${id}` };
  }
  return { pieces: plan.pieces.slice(merged.length) };
}

type Merged = Omit<Loaded, 'warnings'>;

async function mergeAll(work: TableWork, plan: ReadPlan): Promise<Merged> {
  const { run, table, columns, rowGroupRows } = work;
  const staged = await stage(run, table, plan, columns, rowGroupRows);
  try {
    checkRejects(plan, staged.rejects.length, staged.rows);
    await using latest = await latestRows(work, staged);
    const laidOut = await layOutByKey(work, { ...plan, uniqueKey: true }, latest.staged);
    await keepRejects(run, table.id, staged.rejects, staged.rejects.length, null);
    return asLoaded(work, plan, laidOut, staged.rejects.length, new Date().toISOString());
  } finally {
    await staged.remove();
  }
}

async function mergeAdded(
  work: TableWork,
  plan: ReadPlan,
  state: TableState,
  added: readonly Piece[],
): Promise<Merged> {
  const { run, table, before, columns, rowGroupRows } = work;
  const staged = await stage(run, table, { ...plan, pieces: [...added] }, columns, rowGroupRows);
  try {
    const rejected = state.rejected + staged.rejects.length;
    checkRejects(plan, rejected, staged.rows + (before.table?.meta.rows ?? 0));
    await using latest = await latestRows(work, staged, state);
    const laidOut = await mergeDelta(work, state, latest.staged, []);
    const known = new Set(state.merged.map((piece) => piece.id));
    await keepRejects(run, table.id, staged.rejects, rejected, state.rejects_run, known);
    return asLoaded(work, plan, laidOut, rejected, state.last_full_at);
  } finally {
    await staged.remove();
  }
}

/** The rows that win among those staged and, with `state`, against the published ones. */
async function latestRows(
  work: TableWork,
  staged: Staged,
  state: TableState | null = null,
): Promise<AsyncDisposable & { staged: Staged }> {
  const { run, rowGroupRows } = work;
  const file = join(run.scratch, `latest-${randomUUID()}.parquet`);
  const remove = () => rm(file, { force: true });
  const session = await run.database.connect();
  try {
    if (staged.files.length > 0) await checkKeys(work, session, staged);
    const latest = latestOf(work, staged);
    const query = state === null ? latest : againstPublished(work, latest, state);
    const written = await session.copyToParquet(
      copyStatement(query, { file, rowGroupRows, orderBy: '', mark: 'latest' }),
    );
    const files = written.rows > 0 ? [file] : [];
    return {
      staged: { files, rows: written.rows, bytes: written.sizeBytes, rejects: [], remove },
      [Symbol.asyncDispose]: remove,
    };
  } finally {
    session.close();
  }
}

/** Of each key the row that wins among the staged ones: files stand in the order of their pieces, rows in the order in which they came. */
function latestOf({ table, columns }: TableWork, { files }: Staged): string {
  if (files.length === 0) return `SELECT * FROM ${unionOf([], columns)}`;
  const list = columns.map(({ name }) => identifier(name)).join(', ');
  const keys = table.primary_key.map(identifier).join(', ');
  const [piece, line] = [unusedName(columns, 'da_piece'), unusedName(columns, 'da_line')];
  const { cursor } = table.options;
  const order = [
    ...(cursor === undefined ? [] : [`${identifier(cursor)} DESC NULLS LAST`]),
    `${piece} DESC`,
    `${line} DESC`,
  ];
  const numbered = files.map(
    (path, index) => `SELECT *, ${index} AS ${piece}, row_number() OVER () AS ${line} FROM ${readParquet(path)}`,
  );
  return `SELECT ${list} FROM (${numbered.join(' UNION ALL ')}) QUALIFY row_number() OVER (PARTITION BY ${keys} ORDER BY ${order.join(', ')}) = 1`;
}

function unusedName(columns: readonly ColumnPlan[], wanted: string): string {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  let name = wanted;
  while (taken.has(name)) name += '_';
  return name;
}

/** Rows that a published one with a greater cursor outlives are left out; what comes later wins the others. */
function againstPublished(work: TableWork, latest: string, state: TableState): string {
  const { table, columns } = work;
  const { cursor } = table.options;
  if (cursor === undefined) return latest;
  const of = (relation: string) => (name: string) => `${relation}.${identifier(name)}`;
  const [fresh, old] = [of('fresh'), of('old')];
  const same = table.primary_key.map((name) => `${fresh(name)} = ${old(name)}`).join(' AND ');
  const published = unionOf(
    publishedPieces(work, state).flatMap((piece) => piece.files),
    columns,
  );
  return `SELECT ${columns.map(({ name }) => fresh(name)).join(', ')} FROM (${latest}) AS fresh LEFT JOIN ${published} AS old ON ${same}
    WHERE ${old(cursor)} IS NULL OR ${fresh(cursor)} >= ${old(cursor)}`;
}

function asLoaded(
  { run, columns, rowGroupRows }: TableWork,
  plan: ReadPlan,
  { parts, pieces }: LaidOut,
  rejected: number,
  lastFullAt: string | null,
): Merged {
  return {
    columns,
    parts,
    pieces,
    rowGroupRows,
    fingerprint: plan.fingerprint ?? null,
    remembered: plan.remember ?? null,
    watermark: null,
    lastFullAt,
    merged: plan.pieces.map(({ id, fingerprint }) => ({ id, fingerprint: fingerprint ?? null })),
    rejected,
    rejectsRun: rejected > 0 ? run.request.runId : null,
  };
}
