/** How DuckDB reads what COPY sends. Pure. */
import { identifier, literal, structLiteral } from '../../duckdb/quote.ts';
import { fileList } from '../../duckdb/read-files.ts';
import { headerColumn } from './copy-frames.ts';
import type { WireColumn } from './plan-columns.ts';

/** The longest row that costs no more memory than any other; DuckDB wants a buffer of two. */
export const usualLineBytes = 4 << 20;

/**
 * `parallel=false` although one thread reads: else every stretch of a fixed number of bytes would end with a vector that is not full, and the borders of row groups, hence the
 * file's bytes, would depend on how long the texts are. The price is that DuckDB keeps the text of a piece until its end; where memory does not hold that, it is read `inStretches`.
 *
 * COPY's text format: tabs between columns, `\N` for NULL, and a backslash before what would be mistaken. No quotes, so nothing has to be guessed.
 */
export function relationOf(
  path: string,
  columns: readonly WireColumn[],
  { lineBytes = usualLineBytes, inStretches = false } = {},
): string {
  const raw = [headerColumn, ...columns.map((column) => column.wire)];
  const file = `read_csv(${fileList(path)}, auto_detect=false, header=false, delim='\t', quote='', escape='', new_line='\\n', nullstr='\\N', compression='none', parallel=${inStretches}, max_line_size=${lineBytes}, buffer_size=${lineBytes * 2}, columns=${structLiteral(raw.map((name) => [name, "'VARCHAR'"]))})`;
  if (!columns.some((column) => column.escaped)) return file;
  const clean = columns.map(({ wire, escaped }) =>
    escaped ? `${unescaped(identifier(wire))} AS ${identifier(wire)}` : identifier(wire),
  );
  return `(SELECT ${clean.join(', ')} FROM ${file})`;
}

/** Between two escaped backslashes every other backslash begins an escape, so the text is cut there first. */
function unescaped(column: string): string {
  const escapes = [
    ['\\n', 10],
    ['\\t', 9],
    ['\\r', 13],
    ['\\b', 8],
    ['\\f', 12],
    ['\\v', 11],
  ] as const;
  const stretch = escapes.reduce((sql, [written, code]) => `replace(${sql}, ${literal(written)}, chr(${code}))`, 'x');
  return `CASE WHEN contains(${column}, '\\') THEN array_to_string(list_transform(string_split(${column}, '\\\\'), lambda x: ${stretch}), '\\') ELSE ${column} END`;
}
