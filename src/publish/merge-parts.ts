/** Writes the parts of a table as one Parquet file; the same parts give the same bytes. */
import { Database, type DatabaseLimits } from '../duckdb/database.ts';
import { literal } from '../duckdb/quote.ts';
import { readParquet } from '../duckdb/read-files.ts';
import { AttacheError } from '../errors/attache-error.ts';

/** `rows` is what the parts hold together; another count is an error. Order is kept, which makes the bytes reproducible. */
export async function mergeParts(
  files: readonly string[],
  rows: number,
  target: string,
  limits: DatabaseLimits,
): Promise<void> {
  await using database = await Database.inMemory({ ...limits, preserveInsertionOrder: true });
  using session = await database.connect();
  const written = await session.copyToParquet(
    `COPY (SELECT * FROM ${readParquet(files, 'union_by_name = true')}) TO ${literal(target)}
     (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, RETURN_STATS true)`,
  );
  if (written.rows === rows) return;
  throw new AttacheError('integrity', {
    message: `The merged file has ${written.rows} rows; its parts have ${rows}.`,
    hint: 'A part was changed from outside. Trigger a full sync of the table.',
  });
}
