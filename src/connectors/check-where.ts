/** Refuses at registration a condition whose value its column could never hold: a scheduled run must not find that out. */
import { literal } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { AttacheError } from '../errors/attache-error.ts';
import type { WhereClause } from './table-options.ts';

const integer = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;

/** Conditions on columns that are not in `columns` are somebody else's to judge. */
export async function checkWhere(
  session: Session,
  columns: readonly { name: string; type: string }[],
  where: readonly WhereClause[],
): Promise<void> {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  for (const { column, value } of where) {
    const type = types.get(column);
    if (type === undefined || value === undefined) continue;
    for (const each of [value].flat()) {
      const text = String(each);
      if (text.includes('\0') || !(await fits(session, text, type))) throw unfit(column, type, text);
    }
  }
}

/** A cast to an integer rounds, and one to a date takes anything behind it; so the text is looked at more closely. */
export async function fits(session: Session, text: string, type: string): Promise<boolean> {
  if (type === 'VARCHAR') return true;
  if (integer.test(type) && !/^\s*[-+]?\d+\s*$/.test(text)) return false;
  const row = await session.first<{ fits: boolean }>(
    `SELECT TRY_CAST(${literal(text)} AS ${type === 'DATE' ? 'TIMESTAMP' : type}) IS NOT NULL AS fits`,
  );
  return row?.fits === true;
}

function unfit(column: string, type: string, text: string): AttacheError {
  const message = `The condition on ${JSON.stringify(column)} in \`where\` cannot be used: ${JSON.stringify(text.slice(0, 100))} is no ${type}.`;
  return new AttacheError('options_invalid', {
    message,
    faults: [{ pointer: '/options/where', message }],
    hint: 'Write each value as the column’s type has it, e.g. 2024-01-31 for a date.',
  });
}
