/** What a planned read would bring: the pieces that are not there yet, their rows and bytes as far as the source can tell. */
import pLimit from 'p-limit';
import type { Serves } from '../connectors/connector.ts';
import type { Piece, ReadPlan } from '../connectors/read-way.ts';
import { isMerge } from '../connectors/strategy-rules.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import { withUniqueNames } from './columns.ts';
import { publishedColumns, schemaChanges } from './schema-changes.ts';
import { addedPieces } from './strategies/merge-pieces.ts';
import type { Before } from './table-before.ts';

/** The pieces whose rows are not there yet. */
export function piecesToRead(
  table: TableRequest,
  serves: Serves,
  plan: ReadPlan,
  before: Before,
  anew: boolean,
): readonly Piece[] {
  const columns = publishedColumns(withUniqueNames(plan.columns).columns);
  const apart = table.sync_strategy === 'full_refresh' || (serves.pieces === true && !isMerge(table));
  if (anew || before.state === null || schemaChanges(before.columns, columns).length > 0) return plan.pieces;
  if (apart && table.sync_strategy !== 'partitioned') {
    const known = new Map(before.state.pieces.map((piece) => [piece.id, piece.fingerprint]));
    return plan.pieces.filter(({ id, fingerprint }) => fingerprint === undefined || known.get(id) !== fingerprint);
  }
  if (serves.pieces !== true || table.sync_strategy !== 'incremental') return plan.pieces;
  const added = addedPieces(plan, before, columns);
  return 'pieces' in added ? added.pieces : plan.pieces;
}

/** What the source says of the whole read, else of its pieces; null where one of them cannot tell. */
export async function estimatePieces(
  plan: ReadPlan,
  pieces: readonly Piece[],
): Promise<{ rows: number | null; bytes: number | null }> {
  const { rows = null, bytes = null } = plan.estimate ?? {};
  if (plan.estimate !== undefined || plan.rows !== undefined) return { rows: plan.rows ?? rows, bytes };
  const slot = pLimit(4);
  const each = await Promise.all(pieces.map((piece) => slot(async () => piece.estimate?.() ?? null)));
  const sum = (of: 'rows' | 'bytes') =>
    each.reduce<number | null>(
      (total, one) => (total === null || !one || one[of] === null ? null : total + one[of]),
      0,
    );
  return { rows: sum('rows'), bytes: sum('bytes') };
}
