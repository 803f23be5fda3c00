/** Columns promoted out of a JSON column: what fits the type is taken, what does not is NULL and counted, and the JSON keeps both. */
import { identifier, literal } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { misfitColumn, type StateTable } from './state-table.ts';

/** For the rows `where` chooses. They are among the changed ones, so nothing more has to be written for them. */
export async function fillMembers(session: Session, table: StateTable, where: string): Promise<void> {
  const set = table.derived.flatMap((derived) => {
    if (derived.kind !== 'member') return [];
    const { type } = table.received.columns.find(({ name }) => name === derived.column)!;
    const text = `json_extract_string(${identifier(derived.from)}, ${literal(pointer(derived.member))})`;
    return [
      `${identifier(derived.column)} = TRY_CAST(${text} AS ${type})`,
      `${identifier(misfitColumn(derived.column))} = (${text} IS NOT NULL AND TRY_CAST(${text} AS ${type}) IS NULL)`,
    ];
  });
  if (set.length > 0) await session.run(`UPDATE ${identifier(table.id)} SET ${set.join(', ')} WHERE ${where}`);
}

/** How many values do not fit their promoted column, and how many rows say so themselves. */
export async function countMisfits(session: Session, tables: readonly StateTable[]): Promise<number> {
  const counts = tables.flatMap((table) =>
    marksOf(table).map((mark) => `SELECT count(*) AS n FROM ${identifier(table.id)} WHERE ${identifier(mark)}`),
  );
  if (counts.length === 0) return 0;
  const row = await session.first<{ n: string }>(`SELECT sum(n)::BIGINT AS n FROM (${counts.join(' UNION ALL ')})`);
  return Number(row?.n ?? 0);
}

/** Columns that are true while a value of the row does not fit. */
function marksOf({ derived, received }: StateTable): string[] {
  const promoted = derived.flatMap((one) => (one.kind === 'member' ? [misfitColumn(one.column)] : []));
  return received.misfit === undefined ? promoted : [...promoted, received.misfit];
}

/** A JSON pointer. */
function pointer(member: string): string {
  return `/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
