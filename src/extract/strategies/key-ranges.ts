/** The layout of a table with a key: cold parts are key ranges with known borders, rows changed lately live together in one hot part. Pure SQL and arithmetic. */
import type { TableRequest } from '../../connectors/table-request.ts';
import { identifier, literal } from '../../duckdb/quote.ts';

/** The key of a table: names in order, and their published types. */
export interface Key {
  names: string[];
  types: string[];
}

export function keyOf(table: TableRequest, columns: readonly { name: string; type: string }[]): Key {
  const types = new Map(columns.map((column) => [column.name, column.type]));
  return { names: table.primary_key, types: table.primary_key.map((name) => types.get(name) ?? 'VARCHAR') };
}

/** `"a", "b"`: for USING and ORDER BY. */
export function keyList(key: Key): string {
  return key.names.map(identifier).join(', ');
}

/** The key as text, one output column each, exact enough to be cast back. */
export function keyAsText(key: Key): string {
  return key.names.map((name, index) => `CAST(${identifier(name)} AS VARCHAR) AS k${index}`).join(', ');
}

/** SQL that is true for keys at or above `low`. */
function atOrAbove(key: Key, low: readonly string[]): string {
  const bounds = low.map((text, index) => `CAST(${literal(text)} AS ${key.types[index]})`);
  if (key.names.length === 1) return `${keyList(key)} >= ${bounds[0]}`;
  return `(${keyList(key)}) >= (${bounds.join(', ')})`;
}

/** SQL that is true for the keys of range `index` of ranges that start at `lows`; the first starts at nothing. */
export function inRange(key: Key, lows: readonly (readonly string[] | null)[], index: number): string {
  const low = lows[index] ?? null;
  const next = lows[index + 1] ?? null;
  const conditions = [
    low === null ? null : atOrAbove(key, low),
    next === null ? null : `NOT (${atOrAbove(key, next)})`,
  ];
  return conditions.filter((condition) => condition !== null).join(' AND ') || 'true';
}

/** SQL for the index of the range a row's key is in. */
export function rangeIndex(key: Key, lows: readonly (readonly string[] | null)[]): string {
  const cases = lows.flatMap((low, index) => (low === null ? [] : [`WHEN ${atOrAbove(key, low)} THEN ${index}`]));
  return cases.length === 0 ? '0' : `CASE ${cases.reverse().join(' ')} ELSE 0 END`;
}

/** Bytes up to which changed rows stay together before they move to their ranges: a few row groups at least, or every merge would move them. */
export function hotLimitBytes(tableBytes: number): number {
  return Math.min(64e6, Math.max(16e6, tableBytes * 0.03));
}

/** Share of a table's rows, those with the greatest keys, that start out hot. */
export const hotShareAtFirst = 0.01;
