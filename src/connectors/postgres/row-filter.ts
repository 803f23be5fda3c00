/** `options.where` and cursor ranges as Postgres SQL: each value is a literal cast to its column's type. Pure. */
import { identifier, literal } from '../../duckdb/quote.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { ReadRange, WhereClause } from '../table-options.ts';
import type { SourceColumn } from './column-types.ts';
import type { SourceTable } from './describe-table.ts';
import { partitionCondition } from './partition-condition.ts';

const comparisons = { eq: '=', ne: '<>', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/** Conditions to be joined by AND; none for a full read. */
export function rowFilter(table: SourceTable, where: readonly WhereClause[], range: ReadRange): string[] {
  return [...where.map((clause) => condition(table, clause)), ...rangeConditions(table, range)];
}

/** The named columns in the order of the table; all without names. */
export function chosenColumns(table: SourceTable, names: readonly string[] | undefined): SourceColumn[] {
  if (names === undefined) return table.columns;
  for (const name of names) columnOf(table, name);
  return table.columns.filter((column) => names.includes(column.name));
}

/** The column, or an error that lists what there is. */
export function columnOf(table: SourceTable, name: string): SourceColumn {
  const column = table.columns.find((each) => each.name === name);
  if (column !== undefined) return column;
  throw new AttacheError('options_invalid', {
    message: `${table.schema}.${table.name} has no column ${JSON.stringify(name)}.`,
    hint: `It has: ${table.columns
      .slice(0, 40)
      .map((each) => each.name)
      .join(', ')}${table.columns.length > 40 ? ', …' : ''}.`,
  });
}

function condition(table: SourceTable, { column: name, op, value }: WhereClause): string {
  const column = columnOf(table, name);
  const subject = identifier(name);
  if (op === 'is_null') return `${subject} IS NULL`;
  if (op === 'is_not_null') return `${subject} IS NOT NULL`;
  const values = (Array.isArray(value) ? value : [value]).map((each) => typed(column, each));
  if (op === 'in') return `${subject} IN (${values.join(', ')})`;
  if (op === 'not_in') return `${subject} NOT IN (${values.join(', ')})`;
  if (values.length !== 1) throw unfit(column, `${op} takes one value`);
  return `${subject} ${comparisons[op]} ${values[0]}`;
}

function rangeConditions(table: SourceTable, range: ReadRange): string[] {
  if (range.kind === 'all') return [];
  if (range.kind === 'changes') {
    throw new AttacheError('unsupported', {
      message: 'A Postgres source has no change feed of its own.',
      hint: 'Name a cursor column in the options of the table.',
    });
  }
  const column = columnOf(table, range.column);
  if (range.kind === 'partitions') return [partitionCondition(column, range)];
  const subject = identifier(range.column);
  return [range.from === null ? `${subject} IS NOT NULL` : `${subject} >= ${typed(column, range.from)}`];
}

function typed(column: SourceColumn, value: unknown): string {
  if (value === undefined || value === null) throw unfit(column, 'it needs a value');
  const text = String(value);
  if (text.includes('\0')) throw unfit(column, 'a value holds a NUL character');
  return `CAST(${literal(text)} AS ${column.castable})`;
}

function unfit(column: SourceColumn, reason: string): AttacheError {
  return new AttacheError('options_invalid', {
    message: `The condition on ${JSON.stringify(column.name)} (${column.declared}) cannot be used: ${reason}.`,
  });
}
