/** The SELECT behind an export or a preview. */
import { type Column, sourceOf, type Table, visibleColumns } from '../world.ts';
import { identifier, literal } from './quote.ts';

export interface Filter {
  column: string;
  operator: string;
  values: string[];
  dataType?: string;
}

export interface Selection {
  columns: string[];
  changedSince?: number;
  changedUntil?: number;
  filters: Filter[];
  orderBy: { column: string; order: 'ASC' | 'DESC'; dataType?: string }[];
  limit?: number;
  includeInternalTimestamp: boolean;
}

const comparison: Record<string, string> = { eq: '=', ne: '<>', gt: '>', ge: '>=', lt: '<', le: '<=' };

/** Columns come out as `o0, o1, …` in the asked order, so that any name and any case is possible. */
export function selectRows(table: Table, selection: Selection): { sql: string; columns: Column[] } {
  const visible = visibleColumns(table);
  const columns = selection.columns.map((name) => visible.find((column) => column.name === name)!);
  const outputs = columns.map((column, index) => `c${column.slot} AS o${index}`);
  if (selection.includeInternalTimestamp) outputs.push('_timestamp AS o_timestamp');
  const conditions = [...selection.filters, ...aliasFilters(table)].map((filter) => condition(filter, sourceOf(table)));
  if (selection.changedSince !== undefined) conditions.push(`epoch(_timestamp) >= ${selection.changedSince}`);
  if (selection.changedUntil !== undefined) conditions.push(`epoch(_timestamp) < ${selection.changedUntil}`);
  const order = selection.orderBy.map(
    ({ column, order, dataType }) => `${operand(column, dataType, sourceOf(table))} ${order}`,
  );
  const sql = [
    `SELECT ${outputs.join(', ') || 'NULL'} FROM ${identifier(sourceOf(table).physical)}`,
    conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '',
    order.length > 0 ? `ORDER BY ${order.join(', ')}` : '',
    selection.limit === undefined ? '' : `LIMIT ${selection.limit}`,
  ];
  return { sql: sql.filter(Boolean).join(' '), columns };
}

function aliasFilters(table: Table): Filter[] {
  if (!table.alias) return [];
  return [...(table.alias.filter ? [table.alias.filter] : []), ...aliasFilters(table.alias.source)];
}

function operand(name: string, dataType: string | undefined, table: Table): string {
  const slot = table.columns.find((column) => column.name === name)!.slot;
  if (!dataType) return `c${slot}`;
  return `TRY_CAST(c${slot} AS ${castTarget(dataType)})`;
}

function castTarget(dataType: string): string {
  if (dataType === 'INTEGER' || dataType === 'BIGINT') return 'HUGEINT';
  return dataType === 'DECIMAL' ? 'DECIMAL(38,9)' : 'DOUBLE';
}

function condition(filter: Filter, table: Table): string {
  const left = operand(filter.column, filter.dataType, table);
  const right = filter.values.map((value) => rightSide(value, filter, table));
  if (filter.values.length !== 1) return `${left} ${filter.operator === 'ne' ? 'NOT IN' : 'IN'} (${right.join(', ')})`;
  return `${left} ${comparison[filter.operator]} ${right[0]}`;
}

function rightSide(value: string, filter: Filter, table: Table): string {
  if (filter.dataType) return `CAST(${literal(value)} AS ${castTarget(filter.dataType)})`;
  const column = table.columns.find((candidate) => candidate.name === filter.column)!;
  // A classic column holds text and is compared as text, numbers or not.
  return column.definition ? `(${literal(value)})::${typedText(column)}` : literal(value);
}

function typedText(column: Column): string {
  const name = column.definition!.type.toUpperCase();
  if (name.startsWith('TIMESTAMP') || name === 'DATETIME') return 'TIMESTAMP';
  if (name === 'DATE' || name === 'TIME' || name === 'BOOLEAN') return name;
  return ['NUMBER', 'NUMERIC', 'DECIMAL', 'INT64', 'INTEGER'].includes(name) ? 'DECIMAL(38,9)' : 'VARCHAR';
}
