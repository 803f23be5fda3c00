/** Small real Parquet files for tests. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../../src/duckdb/database.ts';
import { literal } from '../../src/duckdb/quote.ts';

/** The bytes of a Parquet file that holds the query's rows. */
export async function parquet(query: string): Promise<{ bytes: Buffer; rows: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'da-parquet-'));
  try {
    await using database = await Database.inMemory({ memoryLimit: '400MB', threads: 1, tempDirectory: directory });
    using session = await database.connect();
    const path = join(directory, 'file.parquet');
    const { rows } = await session.copyToParquet(
      `COPY (${query}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS true)`,
    );
    return { bytes: await readFile(path), rows };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
