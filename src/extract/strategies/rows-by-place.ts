/** Picks rows of Parquet files by where they lie, in the order of the file: a join on the rows themselves would read every column to compare a few, and lose the order. */
import { identifier, literal } from '../../duckdb/quote.ts';
import { readParquet } from '../../duckdb/read-files.ts';
import type { Session } from '../../duckdb/session.ts';

type Columns = readonly { name: string }[];

/** A relation of the rows of `files` with two columns more: `da_file`, and `da_place`, the number of the row in it. */
export function placedRows(files: readonly string[], columns: Columns): string {
  // DuckDB refuses its own number beside a column of that name; a count in the order of the file is the same.
  if (columns.some(({ name }) => name.toLowerCase() === 'file_row_number'))
    return `(${files.map((file) => `SELECT *, ${literal(file)} AS da_file, row_number() OVER () - 1 AS da_place FROM ${readParquet(file)}`).join(' UNION ALL ')})`;
  return `(SELECT *, file_row_number AS da_place FROM ${readParquet(files, "filename = 'da_file'", 'file_row_number = true')})`;
}

/** SQL for the rows of `file`, which has `rows`, that are or are not in the table `places` of `da_file` and `da_place`. `name` is the session's for as long as the SQL is used. */
export async function rowsByPlace(
  session: Session,
  places: string,
  { file, rows }: { file: string; rows: number },
  which: 'in' | 'not in',
  columns: Columns,
  name: string,
): Promise<string> {
  await session.run(
    `SET VARIABLE ${name} = (SELECT bitstring_agg(da_place, 0::BIGINT, ${Math.max(1, rows - 1)}::BIGINT) FROM ${places} WHERE da_file = ${literal(file)})`,
  );
  const list = columns.map((column) => identifier(column.name)).join(', ');
  // No place at all makes no bits.
  return `SELECT ${list} FROM ${placedRows([file], columns)} WHERE coalesce(get_bit(getvariable('${name}'), da_place::INTEGER), 0) = ${which === 'in' ? 1 : 0}`;
}

/** The files that `places` names. */
export async function filesOf(session: Session, places: string): Promise<Set<string>> {
  const rows = await session.rows<{ da_file: string }>(`SELECT DISTINCT da_file FROM ${places}`);
  return new Set(rows.map((row) => row.da_file));
}
