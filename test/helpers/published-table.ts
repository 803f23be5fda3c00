/** Publishes a table of several parts into a data folder, the way an extraction does. */
import { join } from 'node:path';
import { extractFolder } from '../../src/contract/extract-folder.ts';
import type { Part } from '../../src/contract/shapes.ts';
import { Database } from '../../src/duckdb/database.ts';
import { literal } from '../../src/duckdb/quote.ts';
import { publish } from '../../src/publish/publish.ts';
import { createScratch } from '../../src/publish/scratch.ts';
import { sealPart } from '../../src/publish/seal-part.ts';

/** One part for each query; all have the same columns. */
export async function publishTable(
  dataDirectory: string,
  source: string,
  id: string,
  queries: string[],
): Promise<Part[]> {
  const folder = extractFolder(dataDirectory, source);
  await using scratch = await createScratch(folder.work);
  const limits = { memoryLimit: '200MB', threads: 1, tempDirectory: join(scratch.directory, 'spill') };
  const parts: Part[] = [];
  let columns: { name: string; type: string }[] = [];
  {
    await using database = await Database.inMemory(limits);
    using session = await database.connect();
    for (const query of queries) {
      const file = join(scratch.directory, 'part.parquet');
      const { rows } = await session.copyToParquet(
        `COPY (${query}) TO ${literal(file)} (FORMAT parquet, RETURN_STATS true)`,
      );
      parts.push(await sealPart(folder, id, file, rows));
      const described = await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${query}`);
      columns = described.map((row) => ({ name: row.column_name, type: row.column_type }));
    }
  }
  const sum = (of: (part: Part) => number) => parts.reduce((total, part) => total + of(part), 0);
  const meta = {
    table_name: id,
    description: null,
    rows: sum((part) => part.rows),
    size_bytes: sum((part) => part.size_bytes),
    extracted_at: '2026-01-01T00:00:00.000000Z',
    query_mode: 'local' as const,
  };
  const table = { meta, parts, record: { columns, state: null, schema_changes: [] } };
  await publish(folder, { tables: new Map([[id, table]]) }, scratch.directory, limits);
  return parts;
}
