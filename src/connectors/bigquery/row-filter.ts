/** Conditions of the registration and of the strategy in GoogleSQL; the same text restricts a query and a Storage Read session. Pure. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { ReadRange, WhereClause } from '../table-options.ts';
import type { SourceTable } from './describe-table.ts';
import type { Field } from './fields.ts';
import { column, text } from './google-sql.ts';

const comparison = { eq: '=', ne: '!=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/** Every condition a read must fulfil. */
export function rowFilter(fields: readonly Field[], where: readonly WhereClause[], range: ReadRange): string[] {
  return [...where.map((clause) => whereCondition(fields, clause)), ...rangeConditions(fields, range)];
}

/** The conditions as a clause; empty where there are none. */
export function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

/** A condition that is always true and names the partitions, for tables that refuse a read without one. */
export function everyPartition({ partitioning, folderKeys, needsFilter, fields }: SourceTable): string[] {
  if (!needsFilter) return [];
  if (partitioning?.field === null) return ["(_PARTITIONTIME >= TIMESTAMP '1970-01-01' OR _PARTITIONTIME IS NULL)"];
  const key = partitioning?.field ?? folderKeys[0];
  const field = fields.find((one) => one.name === key);
  return field === undefined ? [] : [anyValue(field)];
}

/** True of every value, and a comparison with constants on both sides of each OR, as leaving out partitions asks for. */
function anyValue({ name: plain, kind }: Field): string {
  const name = column(plain);
  if (kind === 'INT64') return `(${name} >= 0 OR ${name} < 0 OR ${name} IS NULL)`;
  const least = kind === 'STRING' ? text('') : `${kind} ${text('0001-01-01')}`;
  return `(${name} >= ${least} OR ${name} IS NULL)`;
}

function fieldOf(fields: readonly Field[], name: string): Field {
  const field = fields.find((one) => one.name === name);
  if (field !== undefined) return field;
  throw new AttacheError('source_missing', {
    message: `The table has no column ${name}.`,
    hint: 'Correct `where`, `cursor` or `partition_by` of the table.',
  });
}

function whereCondition(fields: readonly Field[], { column: name, op, value }: WhereClause): string {
  const field = fieldOf(fields, name);
  const quoted = column(name);
  if (op === 'is_null') return `${quoted} IS NULL`;
  if (op === 'is_not_null') return `${quoted} IS NOT NULL`;
  const values = [value].flat().map((one) => literalOf(field, String(one)));
  if (op === 'in' || (op === 'eq' && values.length > 1)) return `${quoted} IN (${values.join(', ')})`;
  if (op === 'not_in' || (op === 'ne' && values.length > 1)) return `${quoted} NOT IN (${values.join(', ')})`;
  return `${quoted} ${comparison[op]} ${values[0]}`;
}

function rangeConditions(fields: readonly Field[], range: ReadRange): string[] {
  switch (range.kind) {
    case 'all':
      return [];
    case 'cursor': {
      const field = fieldOf(fields, range.column);
      return [
        range.from === null
          ? `${column(range.column)} IS NOT NULL`
          : `${column(range.column)} >= ${literalOf(field, range.from)}`,
      ];
    }
    case 'partitions':
      return [partitionsCondition(fieldOf(fields, range.column), range.values)];
    case 'changes':
      throw new AttacheError('unsupported', {
        message: 'BigQuery has no change feed that is read here.',
        hint: 'Set options.cursor to the column that grows with every change.',
      });
  }
}

function partitionsCondition(field: Field, values: readonly string[]): string {
  const name = column(field.name);
  const each = values.flatMap((value) => {
    if (value === '__null') return [`${name} IS NULL`];
    const end = nextOf(value);
    if (end === null) return [];
    const from = `${name} >= ${literalOf(field, startOf(value))}`;
    return end === never ? [`(${from})`] : [`(${from} AND ${name} < ${literalOf(field, end)})`];
  });
  return each.length === 0 ? 'FALSE' : `(${each.join(' OR ')})`;
}

/** The first day of `2024`, `2024-02` or `2024-02-29`. */
function startOf(value: string): string {
  return `${value}-01-01`.slice(0, 10);
}

/** No type of BigQuery goes beyond the year 9999, so neither does a literal. */
const never = 'never';

/** The first day after it, or `never`; null where the value names no time. */
function nextOf(value: string): string | null {
  const [year, month, day] = value.split('-').map(Number);
  if (year === undefined || Number.isNaN(year)) return null;
  const next = new Date(0);
  next.setUTCFullYear(
    month === undefined ? year + 1 : year,
    day === undefined ? (month ?? 0) : month! - 1,
    day === undefined ? 1 : day + 1,
  );
  return next.getUTCFullYear() > 9999 ? never : next.toISOString().slice(0, 10);
}

const numbers = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A value as a literal of the column's type; what does not look like one is refused before BigQuery sees it. */
function literalOf(field: Field, value: string): string {
  const refuse = () =>
    new AttacheError('options_invalid', {
      message: `${JSON.stringify(value)} is no value of the column ${field.name} (${field.kind}).`,
      hint: 'Write each value as the column’s type has it, e.g. 2024-01-31 for a DATE.',
    });
  if (field.repeated) throw refuse();
  switch (field.kind) {
    case 'INT64':
      if (!/^[+-]?\d+$/.test(value)) throw refuse();
      return value;
    case 'FLOAT64':
    case 'NUMERIC':
    case 'BIGNUMERIC':
      if (!numbers.test(value)) throw refuse();
      return field.kind === 'FLOAT64' ? value : `${field.kind} ${text(value)}`;
    case 'BOOL':
      if (!/^(true|false)$/i.test(value)) throw refuse();
      return value.toUpperCase();
    case 'STRING':
      return text(value);
    case 'DATE':
    case 'DATETIME':
    case 'TIME':
    case 'TIMESTAMP':
      if (!/^\d/.test(value)) throw refuse();
      return `${field.kind} ${text(value)}`;
    default:
      throw new AttacheError('options_invalid', {
        message: `Rows cannot be chosen by the column ${field.name}: it is ${field.kind}.`,
        hint: 'Choose another column, or write the condition in options.sql.',
      });
  }
}
