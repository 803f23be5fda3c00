/** Finds out how many digits the values of numeric columns without a precision have: once per table, because it reads all of it. */

import type { Column } from '../../contract/shapes.ts';
import { identifier } from '../../duckdb/quote.ts';
import type { SourceColumn } from './column-types.ts';
import type { Query } from './describe-table.ts';
import { isOpenDecimal, type OpenDecimals } from './plan-columns.ts';

/** Spare digits behind the point cost nothing and keep the type when later values are finer. */
const smallestScale = 4;
const largestPrecision = 38;

/** Keeps what a published column already has; a value that does not fit is found by the run itself. Otherwise asks the server, about the rows of `from`. */
export async function measureDecimals(
  query: Query,
  columns: readonly SourceColumn[],
  from: string,
  published: readonly Column[] | null,
): Promise<OpenDecimals> {
  const digits = new Map<string, { whole: number; scale: number } | null>();
  const unknown: SourceColumn[] = [];
  for (const column of columns.filter(isOpenDecimal)) {
    const before = published?.find(({ name }) => name === column.name)?.type;
    const scale = /^DECIMAL\(38,(\d+)\)$/.exec(before ?? '')?.[1];
    if (scale !== undefined) digits.set(column.name, { whole: largestPrecision - Number(scale), scale: Number(scale) });
    else if (before === 'VARCHAR') digits.set(column.name, null);
    else unknown.push(column);
  }
  if (unknown.length === 0) return digits;
  const [row] = await query<Record<string, number | null>>(`SELECT ${unknown.map(measures).join(', ')} FROM ${from}`);
  unknown.forEach((column, index) => {
    const whole = row?.[`w${index}`] ?? 0;
    const scale = Math.max(smallestScale, row?.[`s${index}`] ?? 0);
    const fits = !row?.[`n${index}`] && whole + scale <= largestPrecision;
    digits.set(column.name, fits ? { whole, scale } : null);
  });
  return digits;
}

/** NaN and the infinities have no scale. */
function measures({ name }: SourceColumn, index: number): string {
  const column = identifier(name);
  return [
    `max(scale(${column})) AS s${index}`,
    `max(length(trunc(abs(${column}))::text)) FILTER (WHERE scale(${column}) IS NOT NULL) AS w${index}`,
    `coalesce(bool_or(scale(${column}) IS NULL AND ${column} IS NOT NULL), false)::int AS n${index}`,
  ].join(', ');
}
