/** Loads one table: asks for a plan, keeps the pieces that did not change, loads the others, and says what to publish. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { ColumnPlan, Piece, ReadPlan, RemotePlan, TablePlan, TableRequest } from '../connectors/connector.ts';
import type { Column, ExtractTable, Part, RemoteAttach } from '../contract/shapes.ts';
import { tableHash } from '../contract/table-hash.ts';
import { AttacheError } from '../errors/attache-error.ts';
import type { Publication } from '../publish/publish.ts';
import { LossyColumns, withColumnsAsBefore, withTextColumns, withUniqueNames } from './columns.ts';
import { type Layout, layoutFor } from './layout.ts';
import { loadEmptyPart, loadPiece } from './load-piece.ts';
import { carryRejects, writeRejects } from './rejects.ts';
import type { Run } from './run.ts';
import { schemaChanges } from './schema-changes.ts';
import type { TableResult } from './shapes.ts';
import { keptParts, type PieceState, requestHash, stateOf, type TableState } from './table-state.ts';

export interface TableOutcome {
  result: TableResult;
  /** What to publish; null when the published content stays. */
  publication: (Publication['tables'] extends ReadonlyMap<string, infer T> ? T : never) | null;
  remoteAttach?: RemoteAttach[];
}

/** What is published of a table and can be built on: its parts are all there, and the registration asks for the same content. */
interface Before {
  table: ExtractTable | null;
  state: TableState | null;
}

export async function loadTable(run: Run, table: TableRequest, startedAt: Date): Promise<TableOutcome> {
  const before = await publishedBefore(run, table);
  const plan = await run.reading.plan(table, {
    range: { kind: 'all' },
    previousFingerprint: run.request.full ? null : (before.state?.fingerprint ?? null),
    previousColumns: before.table?.record?.columns ?? null,
    remembered: before.state?.remembered ?? null,
  });
  if (plan.kind === 'remote') return remoteOutcome(table, plan, before, startedAt);
  if (plan.kind !== 'read') return keptOutcome(run, table, plan, before, startedAt);
  const loaded = await loadWithExactColumns(run, table, plan, before);
  return loadedOutcome(table, plan, loaded, before, startedAt);
}

async function publishedBefore(run: Run, table: TableRequest): Promise<Before> {
  const published = run.published.tables.get(table.id) ?? null;
  const state = stateOf(published?.record ?? null);
  if (published === null || state === null || state.request !== requestHash(table))
    return { table: published, state: null };
  const sizes = await Promise.all(
    published.parts.map((part) =>
      stat(join(run.folder.directory, part.path)).then(
        (file) => file.size === part.size_bytes,
        () => false,
      ),
    ),
  );
  return { table: published, state: sizes.every(Boolean) ? state : null };
}

interface Loaded {
  columns: ColumnPlan[];
  parts: Part[];
  pieces: PieceState[];
  layout: Layout;
  rejected: number;
  rejectsRun: string | null;
  warnings: string[];
}

/** Values that do not fit their type turn the column into text, counted and said; nothing becomes NULL silently. Each turn widens a column, so it ends. */
async function loadWithExactColumns(run: Run, table: TableRequest, plan: ReadPlan, before: Before): Promise<Loaded> {
  const named = withUniqueNames(plan.columns);
  let attempt = withColumnsAsBefore(
    named.columns,
    before.state === null || run.request.full ? null : (before.table?.record?.columns ?? null),
  );
  for (;;) {
    try {
      return await loadPieces(run, table, plan, attempt.columns, before, [...named.warnings, ...attempt.warnings]);
    } catch (thrown) {
      if (!(thrown instanceof LossyColumns)) throw thrown;
      const text = withTextColumns(attempt.columns, thrown);
      attempt = { columns: text.columns, warnings: [...attempt.warnings, ...text.warnings] };
    }
  }
}

async function loadPieces(
  run: Run,
  table: TableRequest,
  plan: ReadPlan,
  columns: ColumnPlan[],
  before: Before,
  warnings: string[],
): Promise<Loaded> {
  const layout = layoutFor(plan, before.state);
  const reusable = reusablePieces(run, before, columns);
  const pieceSlot = pLimit(run.connector.parallel?.pieces ?? 2);
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const settled = await Promise.allSettled(
    plan.pieces.map((piece) =>
      pieceSlot(async () => {
        const kept = reusable(piece);
        if (kept !== null) return { state: kept.state, parts: kept.parts, rejects: null };
        signal.throwIfAborted();
        try {
          const loaded = await loadPiece({ ...run, signal }, table, plan, columns, piece, layout);
          return {
            state: {
              id: piece.id,
              fingerprint: piece.fingerprint ?? null,
              parts: loaded.parts.map((part) => part.sha256),
              rejected: loaded.rejects.length,
            },
            parts: loaded.parts,
            rejects: loaded.rejects,
          };
        } catch (thrown) {
          stop.abort(thrown);
          throw thrown;
        }
      }),
    ),
  );
  if (stop.signal.aborted) throw stop.signal.reason;
  const failed = settled.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  const pieces = settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const fresh = pieces.flatMap((piece) => piece.rejects ?? []);
  if (fresh.length > 0) await writeRejects(run.folder, run.request.runId, table.id, fresh);
  const rejected = pieces.reduce((sum, piece) => sum + piece.state.rejected, 0);
  if (rejected > fresh.length && before.state?.rejects_run)
    await carryRejects(run.folder, before.state.rejects_run, run.request.runId, table.id);
  const parts = pieces.flatMap((piece) => piece.parts);
  checkRejects(
    plan,
    rejected,
    parts.reduce((sum, part) => sum + part.rows, 0),
  );
  return {
    columns,
    parts: parts.length > 0 ? parts : [await loadEmptyPart(run, table, columns)],
    pieces: pieces.map((piece) => piece.state),
    layout,
    rejected,
    rejectsRun: rejected > 0 ? run.request.runId : null,
    warnings,
  };
}

/** Finds the published parts of a piece that did not change. Other columns or types mean other bytes, so then nothing is kept. */
function reusablePieces(
  run: Run,
  before: Before,
  columns: readonly ColumnPlan[],
): (piece: Piece) => { state: PieceState; parts: Part[] } | null {
  const { table, state } = before;
  if (
    run.request.full ||
    table === null ||
    state === null ||
    schemaChanges(table.record?.columns ?? null, publishedColumns(columns)).length > 0
  )
    return () => null;
  const states = new Map(state.pieces.map((piece) => [piece.id, piece]));
  return (piece) => {
    const known = states.get(piece.id);
    if (known === undefined || piece.fingerprint === undefined || known.fingerprint !== piece.fingerprint) return null;
    const parts = keptParts(known, table.parts);
    return parts === null ? null : { state: known, parts };
  };
}

/** A few bad rows are left out and shown; too many mean that something is wrong with all of them. */
function checkRejects(plan: ReadPlan, rejected: number, loaded: number): void {
  const limits = plan.rejectLimits ?? { rows: 0, ratio: null };
  const share = rejected / Math.max(1, rejected + loaded);
  const tooMany = limits.rows !== null && rejected > limits.rows;
  const tooLarge = limits.ratio !== null && share > limits.ratio;
  if (!tooMany && !tooLarge) return;
  const allowed = tooMany ? `${limits.rows} are` : `${(limits.ratio ?? 0) * 100} % are`;
  throw new AttacheError('too_many_rejects', {
    message: `${rejected} of ${rejected + loaded} rows do not fit the table; ${allowed} allowed.`,
    hint: 'The table keeps its data. Look at the rejected rows of this job, then correct the file, or raise max_reject_rows or max_reject_ratio of the table.',
  });
}

function publishedColumns(columns: readonly ColumnPlan[]): Column[] {
  return columns.map(({ name, type }) => ({ name, type }));
}

function loadedOutcome(
  table: TableRequest,
  plan: ReadPlan,
  loaded: Loaded,
  before: Before,
  startedAt: Date,
): TableOutcome {
  const rows = loaded.parts.reduce((sum, part) => sum + part.rows, 0);
  const size_bytes = loaded.parts.reduce((sum, part) => sum + part.size_bytes, 0);
  checkAnnouncedRows(table, plan, rows + loaded.rejected);
  const columns = publishedColumns(loaded.columns);
  const changes = schemaChanges(before.table?.record?.columns ?? null, columns);
  const sameContent =
    before.table !== null &&
    before.table.parts.length > 0 &&
    tableHash(before.table.parts) === tableHash(loaded.parts) &&
    changes.length === 0;
  const state: TableState = {
    version: 1,
    request: requestHash(table),
    fingerprint: plan.fingerprint ?? null,
    row_group_rows: loaded.layout.rowGroupRows,
    part_rows: loaded.layout.partRows,
    pieces: loaded.pieces,
    rejected: loaded.rejected,
    rejects_run: loaded.rejectsRun,
    remembered: plan.remember ?? null,
  };
  const sameState =
    JSON.stringify({ ...before.state, rejects_run: null }) === JSON.stringify({ ...state, rejects_run: null });
  const result = resultOf(table, startedAt, {
    status: sameContent ? 'unchanged' : 'succeeded',
    rows,
    size_bytes,
    rejected: loaded.rejected,
    schema_changes: changes,
    warnings: [...(plan.warnings ?? []), ...loaded.warnings],
  });
  if (sameContent && sameState) return { result, publication: null };
  const meta = {
    table_name: table.id,
    description: table.description,
    rows,
    size_bytes,
    extracted_at: isoMicroseconds(new Date()),
    query_mode: 'local' as const,
  };
  return { result, publication: { meta, parts: loaded.parts, record: { columns, state, schema_changes: changes } } };
}

/** The source said how many rows there are: fewer or more is never published. */
function checkAnnouncedRows(table: TableRequest, plan: ReadPlan, found: number): void {
  if (plan.rows === undefined || plan.rows === found) return;
  throw new AttacheError('rows_missing', {
    message: `The source announced ${plan.rows} rows for ${table.id} and sent ${found}.`,
    hint: 'The table keeps its data. Sync it again; if it repeats, the source itself is inconsistent.',
    retryable: true,
  });
}

function keptOutcome(
  run: Run,
  table: TableRequest,
  plan: Extract<TablePlan, { reason: string }>,
  before: Before,
  startedAt: Date,
): TableOutcome {
  const rejected = before.state?.rejected ?? 0;
  if (before.state?.rejects_run) void carryRejects(run.folder, before.state.rejects_run, run.request.runId, table.id);
  const meta = before.table?.meta;
  return {
    result: resultOf(table, startedAt, {
      status: plan.kind,
      rows: meta?.rows ?? null,
      size_bytes: meta?.size_bytes ?? null,
      rejected,
      schema_changes: [],
      warnings: [plan.reason],
    }),
    publication: null,
  };
}

function remoteOutcome(table: TableRequest, plan: RemotePlan, before: Before, startedAt: Date): TableOutcome {
  const changes = schemaChanges(before.table?.record?.columns ?? null, plan.columns);
  const same =
    before.table?.meta.query_mode === 'remote' &&
    before.table.record !== null &&
    changes.length === 0 &&
    before.table.meta.description === table.description;
  const result = resultOf(table, startedAt, {
    status: same ? 'unchanged' : 'succeeded',
    rows: 0,
    size_bytes: 0,
    rejected: 0,
    schema_changes: changes,
    warnings: plan.warnings ?? [],
  });
  const meta = {
    table_name: table.id,
    description: table.description,
    rows: 0,
    size_bytes: 0,
    extracted_at: isoMicroseconds(new Date()),
    query_mode: 'remote' as const,
  };
  const publication = same
    ? null
    : { meta, parts: [], record: { columns: plan.columns, state: null, schema_changes: changes } };
  return { result, publication, remoteAttach: [plan.attach] };
}

function resultOf(
  table: TableRequest,
  startedAt: Date,
  facts: Omit<TableResult, 'id' | 'error' | 'started_at' | 'finished_at'>,
): TableResult {
  return {
    id: table.id,
    ...facts,
    error: null,
    started_at: startedAt.toISOString(),
    finished_at: new Date().toISOString(),
  };
}

function isoMicroseconds(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
