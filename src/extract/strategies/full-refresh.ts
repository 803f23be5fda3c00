/** full_refresh: every piece is read unless its fingerprint says that its parts are still right. */
import type { ColumnPlan, Piece, ReadPlan, TableRequest } from '../../connectors/connector.ts';
import type { Part } from '../../contract/shapes.ts';
import { checkRejects } from '../check-rejects.ts';
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
    const pieces = await inParallel(run, plan.pieces, async (piece, signal) => {
      const same = kept(piece);
      if (same !== null) return { ...same, rejects: [] };
      const loaded = await loadPiece({ ...run, signal }, table, piece, target, known.get(piece.id)?.part_rows ?? null);
      return {
        state: pieceState(piece, loaded.parts, loaded.rejects.length, loaded.partRows),
        parts: loaded.parts,
        rejects: loaded.rejects,
      };
    });
    const rejected = pieces.reduce((sum, piece) => sum + piece.state.rejected, 0);
    await keepRejects(
      run,
      table.id,
      pieces.flatMap((piece) => piece.rejects),
      rejected,
      before.state?.rejects_run ?? null,
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
      fingerprint: plan.fingerprint ?? null,
      remembered: plan.remember ?? null,
      watermark: null,
      lastFullAt: null,
      rejected,
      rejectsRun: rejected > 0 ? run.request.runId : null,
      warnings,
    };
  });
}

/** Finds the published parts of a piece that did not change. Other columns or types mean other bytes, so then nothing is kept. */
function keptPieces(
  run: Run,
  before: Before,
  columns: readonly ColumnPlan[],
): (piece: Piece) => { state: PieceState; parts: Part[] } | null {
  const { table, state } = before;
  const nothing =
    run.request.full ||
    table === null ||
    state === null ||
    schemaChanges(before.columns, publishedColumns(columns)).length > 0;
  if (nothing) return () => null;
  const states = new Map(state.pieces.map((piece) => [piece.id, piece]));
  return (piece) => {
    const known = states.get(piece.id);
    if (known === undefined || piece.fingerprint === undefined || known.fingerprint !== piece.fingerprint) return null;
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
