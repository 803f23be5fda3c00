/** Table conditions as the filters of an export. Pure. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { WhereClause } from '../table-options.ts';
import type { SourceColumn, SourceTable } from './describe-table.ts';
import { placeholderNames, withDates } from './placeholders.ts';
import { ruleOf } from './types/type-rules.ts';

export interface WhereFilter {
  column: string;
  operator: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';
  values: string[];
  dataType?: 'INTEGER' | 'DOUBLE';
}

const operators = { eq: 'eq', ne: 'ne', gt: 'gt', ge: 'ge', lt: 'lt', le: 'le', in: 'eq', not_in: 'ne' } as const;

/** The filters of `where`, joined by AND; several values mean any of them (`ne`: none). */
export function whereFilters(table: SourceTable, where: readonly WhereClause[], now: Date): WhereFilter[] {
  return where.map((clause) => filterOf(table, clause, now));
}

function filterOf(table: SourceTable, { column: name, op, value }: WhereClause, now: Date): WhereFilter {
  const column = table.columns.find((each) => each.name === name);
  if (column === undefined) throw unfit(name, `${table.id} has no such column`, 'Correct options.where of the table.');
  if (!column.canBeFiltered) throw unfit(name, 'the service cannot filter by it', 'Filter by another column.');
  if (op === 'is_null' || op === 'is_not_null')
    throw unfit(
      name,
      `the service knows no ${op}`,
      'Use eq or ne with an empty text, which classic tables hold instead.',
    );
  const values = (Array.isArray(value) ? value : [value]).map((each) => resolved(name, each, now));
  if (values.length > 1 && !['eq', 'ne', 'in', 'not_in'].includes(op))
    throw unfit(name, `${op} takes one value`, 'Give one value, or use in.');
  const isWrittenAsNumber = [value].flat().every((each) => typeof each === 'number');
  const dataType = comparedAs(table, column, op, values, isWrittenAsNumber);
  return { column: name, operator: operators[op], values, ...(dataType === null ? {} : { dataType }) };
}

function resolved(column: string, value: unknown, now: Date): string {
  if (value === undefined || value === null) throw unfit(column, 'it needs a value', 'Give one in options.where.');
  const dates = withDates(String(value), now);
  if ('text' in dates) return dates.text;
  throw unfit(
    column,
    `there is no placeholder {{${dates.unknown}}}`,
    `${dates.meant === null ? '' : `Did you mean {{${dates.meant}}}? `}There are: ${placeholderNames.join(', ')}.`,
  );
}

/** Classic tables hold text, where "10" stands before "9": numbers must be compared as numbers, be it the column that says so or whoever wrote the condition. */
function comparedAs(
  table: SourceTable,
  { declared }: SourceColumn,
  op: WhereClause['op'],
  values: readonly string[],
  isWrittenAsNumber: boolean,
): 'INTEGER' | 'DOUBLE' | null {
  if (table.isTyped || !['gt', 'ge', 'lt', 'le'].includes(op)) return null;
  const { type } = ruleOf(declared, table.backend);
  const isNumber = values.every((value) => Number.isFinite(Number(value)) && value.trim() !== '');
  if (!isNumber || !(isWrittenAsNumber || /^(BIGINT|DECIMAL|DOUBLE)/.test(type))) return null;
  return type === 'BIGINT' && values.every((value) => /^-?\d+$/.test(value)) ? 'INTEGER' : 'DOUBLE';
}

function unfit(column: string, reason: string, hint: string): AttacheError {
  return new AttacheError('options_invalid', {
    message: `The condition on ${JSON.stringify(column)} cannot be used: ${reason}.`,
    hint,
  });
}
