/** The one way rows become a Parquet file: compression, row groups, order and mark chosen so that the same rows give the same bytes. Pure. */
import { createHash } from 'node:crypto';
import type { ReadPlan } from '../connectors/read-way.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import { identifier, literal } from '../duckdb/quote.ts';

export interface CopyTarget {
  file: string;
  rowGroupRows: number;
  /** Closes a row group earlier; only where one thread keeps the order of rows. */
  rowGroupBytes?: number;
  /** `ORDER BY` list, or empty for the order of the query. */
  orderBy: string;
  /** Tells files with the same rows apart: parts are named by content, and each must be listed once. */
  mark: string;
}

/** `COPY (query) TO file`, answering what was written. */
export function copyStatement(query: string, { file, rowGroupRows, rowGroupBytes, orderBy, mark }: CopyTarget): string {
  const rows = orderBy === '' ? query : `SELECT * FROM (${query}) ORDER BY ${orderBy}`;
  const hash = createHash('sha256').update(mark).digest('hex').slice(0, 16);
  return `COPY (${rows}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${rowGroupRows}${rowGroupBytes === undefined ? '' : `, ROW_GROUP_SIZE_BYTES ${rowGroupBytes}`}, KV_METADATA {da_piece: ${literal(hash)}}, RETURN_STATS true)`;
}

/** A sort is reproducible only without ties; a key nobody vouches for is followed by every other column. */
export function orderOf(
  plan: Pick<ReadPlan, 'order' | 'uniqueKey'>,
  table: TableRequest,
  columns: readonly { name: string }[],
): string {
  if (plan.order === 'source') return '';
  const names = columns.map((column) => column.name);
  const key = table.primary_key.filter((name) => names.includes(name));
  const order =
    plan.uniqueKey === true && key.length > 0 ? key : [...key, ...names.filter((name) => !key.includes(name))];
  return order.map(identifier).join(', ');
}
