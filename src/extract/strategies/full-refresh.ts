/** full_refresh: every piece is read unless its fingerprint says that its parts are still right. */
import type { ColumnPlan, Piece, ReadPlan, Reject } from '../../connectors/read-way.ts';
import type { TableRequest } from '../../connectors/table-request.ts';
import type { Part } from '../../contract/shapes.ts';
import { toAttacheError } from '../../errors/attache-error.ts';
import { checkRejects } from '../check-rejects.ts';
import { LossyColumns } from '../columns.ts';
import { orderOf } from '../copy-statement.ts';
import { withExactColumns } from '../exact-columns.ts';
import { inParallel } from '../in-parallel.ts';
import { rowGroupRowsOf } from '../layout.ts';
import { loadEmptyPart, loadPiece } from '../load-piece.ts';
import type { Loaded } from '../loaded.ts';
import { keepRejects } from '../rejects.ts';
import type { Run } from '../run.ts';
import { publishedColumns, schemaChanges } from '../schema-changes.ts';
import type { Before } from '../table-before.ts';
import { keptParts, type PieceState } from '../table-state.ts';

export async function loadPieces(run: Run, table: TableRequest, plan: ReadPlan, before: Before): Promise<Loaded> {
  return withExactColumns(run, plan, before, async (columns, warnings) => {
    const rowGroupRows = rowGroupRowsOf(plan, before.state);
    const target = { columns, rowGroupRows, orderBy: orderOf(plan, table, columns) };
    const known = new Map(before.state?.pieces.map((piece) => [piece.id, piece]));
    const kept = keptPieces(run, before, columns);
    const pieces = await inParallel(run, plan.pieces, async (piece, signal): Promise<LoadedPieceState> => {
      const same = kept(piece, piece.fingerprint);
      if (same !== null) return { ...same, rejects: [], kept: true };
      try {
        const loaded = await loadPiece(
          { ...run, signal },
          table,
          piece,
          target,
          known.get(piece.id)?.part_rows ?? null,
        );
        return {
          state: pieceState(piece, loaded.parts, loaded.rejects.length, loaded.partRows),
          parts: loaded.parts,
          rejects: loaded.rejects,
        };
      } catch (failure) {
        if (!piece.mayFail || signal.aborted || failure instanceof LossyColumns) throw failure;
        return lastGood(piece, known.get(piece.id), kept, failure);
      }
    });
    const failures = pieces.flatMap((piece) => (piece.failure === undefined ? [] : [piece.failure]));
    // Unknown is never empty: a table of which nothing could be read fails.
    if (failures.length === pieces.length && failures.length > 0) throw failures[0];
    const rejected = pieces.reduce((sum, piece) => sum + piece.state.rejected, 0);
    await keepRejects(
      run,
      table.id,
      pieces.flatMap((piece) => piece.rejects),
      rejected,
      before.state?.rejects_run ?? null,
      new Set(pieces.flatMap((piece) => (piece.kept ? [piece.state.id] : []))),
    );
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
      rowGroupRows,
      // A piece that failed is tried again by the next run.
      fingerprint: failures.length > 0 ? null : (plan.fingerprint ?? null),
      remembered: plan.remember ?? null,
      watermark: null,
      lastFullAt: null,
      rejected,
      rejectsRun: rejected > 0 ? run.request.runId : null,
      warnings: [...warnings, ...pieces.flatMap((piece) => piece.warning ?? [])],
    };
  });
}

interface LoadedPieceState {
  state: PieceState;
  parts: Part[];
  rejects: Reject[];
  /** The parts and rejects are those of the run before. */
  kept?: boolean;
  /** Why the piece has what it had, when it could not be read. */
  failure?: unknown;
  warning?: string;
}

/** What a piece that could not be read contributes: its last parts, or nothing when it never had any. */
function lastGood(
  piece: Piece,
  known: PieceState | undefined,
  kept: ReturnType<typeof keptPieces>,
  failure: unknown,
): LoadedPieceState {
  const { message } = toAttacheError(failure);
  if (known === undefined || known.fingerprint === null) {
    const warning = `${piece.id} is left out: ${message}`;
    return {
      state: { ...pieceState(piece, [], 0, null), fingerprint: null },
      parts: [],
      rejects: [],
      failure,
      warning,
    };
  }
  const last = kept(piece, known.fingerprint);
  // Parts with other columns than the table's cannot stand beside the new ones.
  if (last === null) throw failure;
  return { ...last, rejects: [], kept: true, failure, warning: `${piece.id} keeps its last good rows: ${message}` };
}

/** Finds the published parts of a piece that did not change. Other columns or types mean other bytes, so then nothing is kept. */
function keptPieces(
  run: Run,
  before: Before,
  columns: readonly ColumnPlan[],
): (piece: Piece, fingerprint: string | undefined) => { state: PieceState; parts: Part[] } | null {
  const { table, state } = before;
  const nothing =
    run.request.full ||
    table === null ||
    state === null ||
    schemaChanges(before.columns, publishedColumns(columns)).length > 0;
  if (nothing) return () => null;
  const states = new Map(state.pieces.map((piece) => [piece.id, piece]));
  return (piece, fingerprint) => {
    const known = states.get(piece.id);
    if (known === undefined || fingerprint === undefined || known.fingerprint !== fingerprint) return null;
    const parts = keptParts(known, table.parts);
    return parts === null ? null : { state: known, parts };
  };
}

function pieceState(piece: Piece, parts: readonly Part[], rejected: number, partRows: number | null): PieceState {
  return {
    id: piece.id,
    fingerprint: piece.fingerprint ?? null,
    parts: parts.map((part) => part.sha256),
    rejected,
    part_rows: partRows,
    low: null,
  };
}
