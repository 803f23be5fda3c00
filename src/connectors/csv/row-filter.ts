/** `options.where` over the rows of a file: evaluated on typed values, after what does not fit was rejected. Pure. */
import { predicateSql } from '../../duckdb/predicate.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { OpenPiece } from '../read-way.ts';
import type { WhereClause } from '../table-options.ts';
import type { TableColumn } from './separated-piece.ts';
import { wireName } from './separated-relation.ts';

/** The columns to read, those of conditions among them, and the conditions on their raw names; null without any. */
export function rowFilter(
  columns: readonly TableColumn[],
  selected: readonly TableColumn[],
  where: readonly WhereClause[],
): { needed: TableColumn[]; condition: string | null } {
  const unknown = where.filter(({ column }) => !columns.some(({ name }) => name === column));
  if (unknown.length > 0)
    throw new AttacheError('source_missing', {
      message: `The files have no column ${unknown.map(({ column }) => column).join(', ')}; they have ${columns.map(({ name }) => name).join(', ')}.`,
      hint: 'Correct options.where of the table.',
    });
  const needed = columns.filter((one) => selected.includes(one) || where.some(({ column }) => column === one.name));
  const conditions = where.map((clause) =>
    predicateSql({ ...clause, column: wireName(needed.findIndex(({ name }) => name === clause.column)) }),
  );
  return { needed, condition: conditions.length === 0 ? null : conditions.join(' AND ') };
}

/** The piece without the rows that do not fulfil the condition, however it has to be read in the end. */
export function filtered(open: OpenPiece, condition: string | null): OpenPiece {
  if (condition === null) return open;
  const { recover, rows: _rows, ...rest } = open;
  return {
    ...rest,
    relation: `(SELECT * FROM ${open.relation} WHERE ${condition})`,
    ...(recover === undefined
      ? {}
      : {
          recover: async (failure) => {
            const careful = await recover(failure);
            return careful === null ? null : filtered(careful, condition);
          },
        }),
  };
}
