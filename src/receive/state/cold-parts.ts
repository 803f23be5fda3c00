/** Cold parts: rows of one month, or of the whole table, in chunks small enough that rewriting one for a single row stays cheap. */
import { identifier } from '../../duckdb/quote.ts';
import { isVisible, own, type StateTable } from './state-table.ts';

/** Values in a chunk. Fewer mean more files to read, more mean more to write for one row that was cold. */
const chunkValues = 90_000;

/** SQL: key and part (`k`, `place`) of the visible rows `where` chooses, filling the last chunk of each month and then new ones. */
export function coldPlaces(table: StateTable, where: string): string {
  const name = identifier(table.id);
  const part = identifier(own.part);
  const { month } = table.received;
  const chunkRows = Math.round(chunkValues / table.published.length);
  const span = month === undefined ? `'all'` : `coalesce(strftime(t.${identifier(month)}, '%Y-%m'), 'undated')`;
  const chunks = `SELECT split_part(${part}, '/', 1) AS span, split_part(${part}, '/', 2)::INTEGER AS chunk, count(*) AS n FROM ${name} WHERE ${part} IS NOT NULL AND NOT starts_with(${part}, 'hot-') GROUP BY ALL`;
  const last = `SELECT span, max(chunk) AS chunk, arg_max(n, chunk) AS n FROM (${chunks}) GROUP BY span`;
  const numbered = `SELECT t.${identifier(own.key)} AS k, ${span} AS span, row_number() OVER (PARTITION BY ${span} ORDER BY t.${identifier(own.key)}) - 1 AS place FROM ${name} t WHERE ${where} AND ${isVisible(table, 't')}`;
  return `SELECT r.k, r.span || '/' || (coalesce(l.chunk, 0) + (coalesce(l.n, 0) + r.place) // ${chunkRows})::INTEGER AS place FROM (${numbered}) r LEFT JOIN (${last}) l ON l.span = r.span`;
}
