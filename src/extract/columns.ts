/** Column plans as SQL, and what happens to columns whose values do not fit. Pure. */

import { lossyMark } from '../connectors/lossy-mark.ts';
import type { ColumnPlan } from '../connectors/read-way.ts';
import type { Column } from '../contract/shapes.ts';
import { identifier } from '../duckdb/quote.ts';

/** The projection of a piece's relation. A value that cannot be kept in its type stops the statement with a mark that names the column. */
export function projection(columns: readonly ColumnPlan[]): string {
  return columns.map((column, index) => `${guarded(column, index)} AS ${identifier(column.name)}`).join(', ');
}

function guarded(column: ColumnPlan, index: number): string {
  const value = published(column);
  if (column.lossy === undefined) return value;
  return `CASE WHEN ${onWire(column.lossy, column)} THEN CAST(error('${lossyMark}${index}') AS ${column.type}) ELSE ${value} END`;
}

function published(column: ColumnPlan): string {
  return onWire(column.expression ?? `CAST($ AS ${column.type})`, column);
}

/** The name of a field may hold the sign too. */
const quotedOrColumn = /"(?:[^"]|"")*"|'(?:[^']|'')*'|\$/g;

function onWire(sql: string, column: ColumnPlan): string {
  return sql.replace(quotedOrColumn, (found) => (found === '$' ? identifier(column.wire) : found));
}

/** The index of the column whose value stopped a statement, or null when it failed for another reason. */
export function lossyColumn(thrown: unknown): number | null {
  const found = thrown instanceof Error ? new RegExp(`${lossyMark}(\\d+)`).exec(thrown.message) : null;
  return found === null ? null : Number(found[1]);
}

/** SQL that counts, for each column that can lose values, how many it would lose: columns `n0`, `n1`, … by position in `columns`. Null when none can. */
export function lossCounts(columns: readonly ColumnPlan[]): string | null {
  const counts = columns.flatMap((column, index) =>
    column.lossy === undefined ? [] : [`count(*) FILTER (WHERE ${onWire(column.lossy, column)}) AS n${index}`],
  );
  return counts.length === 0 ? null : counts.join(', ');
}

/** Thrown when a piece holds values that its columns cannot keep. */
export class LossyColumns extends Error {
  /** Number of values by index of the column. */
  readonly counts: ReadonlyMap<number, number>;

  constructor(counts: ReadonlyMap<number, number>) {
    super('values do not fit their columns');
    this.counts = counts;
  }
}

/** The plan with the losing columns widened, at last to the text the source sent, and a sentence for each by its position. */
export function withWiderColumns(
  columns: readonly ColumnPlan[],
  lossy: LossyColumns,
): { columns: ColumnPlan[]; warnings: Map<number, string> } {
  const warnings = new Map<number, string>();
  const wide = columns.map((column, index) => {
    const count = lossy.counts.get(index);
    if (count === undefined) return column;
    const wider = widened(column);
    const becomes = wider.type === 'VARCHAR' ? 'is kept as text' : `becomes ${wider.type}`;
    warnings.set(index, `column ${column.name} ${becomes}: at least ${count} of its values do not fit ${column.type}`);
    return wider;
  });
  return { columns: wide, warnings };
}

/** DuckDB cannot tell names apart that differ only in case: the second gets `_2`, and people are told. */
export function withUniqueNames(columns: readonly ColumnPlan[]): { columns: ColumnPlan[]; warnings: string[] } {
  const taken = new Set<string>();
  const warnings: string[] = [];
  const unique = columns.map((column) => {
    let name = column.name;
    for (let count = 2; taken.has(name.toLowerCase()); count += 1) name = `${column.name}_${count}`;
    taken.add(name.toLowerCase());
    if (name === column.name) return column;
    warnings.push(`column ${column.name} is named ${name}: the table has another one that differs only in case`);
    return { ...column, name };
  });
  return { columns: unique, warnings };
}

/** A column that once had to be wider stays so, so that a table does not change its shape with every value that comes and goes. */
export function withColumnsAsBefore(
  columns: readonly ColumnPlan[],
  before: readonly Column[] | null,
): { columns: ColumnPlan[]; warnings: string[] } {
  const types = new Map(before?.map((column) => [column.name, column.type]));
  const warnings: string[] = [];
  const sticky = columns.map((column) => {
    const kept = ladderOf(column).find((step) => step.type === types.get(column.name));
    if (kept === undefined || kept.type === column.type) return column;
    if (kept.type === 'VARCHAR')
      warnings.push(
        `column ${column.name} stays text: it held values that do not fit ${column.type}; sync it in full to try again`,
      );
    return kept;
  });
  return { columns: sticky, warnings };
}

/** The column and all that it can be widened to. */
function ladderOf(column: ColumnPlan): ColumnPlan[] {
  return column.lossy === undefined ? [column] : [column, ...ladderOf(widened(column))];
}

function widened({ name, sourceType, wire, wider }: ColumnPlan): ColumnPlan {
  return wider === undefined ? { name, sourceType, wire, type: 'VARCHAR' } : { name, sourceType, wire, ...wider };
}
