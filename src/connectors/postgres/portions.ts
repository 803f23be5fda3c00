/** What one COPY selects, and how a table is cut into such portions with borders that stay. Pure. */
import { qualified } from '../../duckdb/quote.ts';
import type { WireColumn } from './plan-columns.ts';

/** Pages of 8 KiB in one range: never changed, because a border that moves changes every part behind it. */
const pagesOfRange = 8_192;

/** What one COPY selects from. */
export interface Portion {
  /** A name that stays. */
  id: string;
  schema: string;
  name: string;
  /** Children of the table are portions of their own. */
  only: boolean;
  /** Rows lie in tables, so counting them is cheap beside reading them; a view would do its work twice. */
  stored: boolean;
  conditions: string[];
  /** Postgres SQL; null for the order in which rows lie. */
  orderBy: string | null;
}

/** The page ranges of a stored table. The last one has no upper border: pages that came after the count hold nothing the snapshot sees, or belong to it. */
export function pageRanges(table: { schema: string; name: string; pages: number }, id: string): Portion[] {
  const count = Math.max(1, Math.ceil(table.pages / pagesOfRange));
  return Array.from({ length: count }, (_, index) => ({
    id: `${id}${index}`,
    schema: table.schema,
    name: table.name,
    only: true,
    stored: true,
    conditions:
      count === 1
        ? []
        : [
            `ctid >= '(${index * pagesOfRange},0)'::tid`,
            ...(index === count - 1 ? [] : [`ctid < '(${(index + 1) * pagesOfRange},0)'::tid`]),
          ],
    orderBy: null,
  }));
}

export function copyStatement(columns: readonly WireColumn[], portion: Portion): string {
  const select = selectOf(
    columns.map((column) => column.select),
    portion,
  );
  return `COPY (${select}) TO STDOUT (FORMAT text, ENCODING 'UTF8')`;
}

/** The rows of a portion, the same and in the same order whoever asks. */
export function selectOf(expressions: readonly string[], { schema, name, only, conditions, orderBy }: Portion): string {
  const where =
    conditions.length === 0 ? '' : ` WHERE ${conditions.map((condition) => `(${condition})`).join(' AND ')}`;
  const order = orderBy === null ? '' : ` ORDER BY ${orderBy}`;
  return `SELECT ${expressions.join(', ')} FROM ${only ? 'ONLY ' : ''}${qualified(schema, name)}${where}${order}`;
}

/** An index would bring the rows in an order that changes with the planner's mind. */
export function scanSettings({ orderBy }: Portion): string[] {
  const index = orderBy === null ? 'off' : 'on';
  return [`SET LOCAL enable_indexscan = ${index}`, `SET LOCAL enable_indexonlyscan = ${index}`];
}
