/** Publishes tables into a data folder the way an extraction does, and registers them. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { extractFolder } from '../../dist/contract/extract-folder.js';
import { Database } from '../../dist/duckdb/database.js';
import { publish } from '../../dist/publish/publish.js';
import { createScratch } from '../../dist/publish/scratch.js';
import { sealPart } from '../../dist/publish/seal-part.js';
import { SystemState } from '../../dist/system/system-state.js';
import { insertTable } from '../../dist/system/table-registry.js';

/** `tables` all hold the rows of `select`. */
export async function makeExtract(dataDirectory, source, tables, select) {
  const folder = extractFolder(dataDirectory, source);
  await mkdir(folder.data, { recursive: true });
  const scratch = await createScratch(folder.work);
  const limits = { memoryLimit: '1GB', threads: 2, tempDirectory: join(scratch.directory, 'spill') };
  const file = join(scratch.directory, 'rows.parquet');
  const { rows, columns } = await writeRows(file, select, limits);
  const publication = new Map();
  for (const id of tables) {
    const copy = join(scratch.directory, `${id}.parquet`);
    await copyFile(file, copy);
    const part = await sealPart(folder, id, copy, rows);
    publication.set(id, {
      meta: {
        table_name: id,
        description: null,
        rows,
        size_bytes: part.size_bytes,
        extracted_at: '2026-01-01T00:00:00.000000Z',
        query_mode: 'local',
      },
      parts: [part],
      record: { columns, state: null, schema_changes: [] },
    });
  }
  await publish(folder, { tables: publication }, scratch.directory, limits);
  await scratch.remove();
}

async function writeRows(file, select, limits) {
  const database = await Database.inMemory(limits);
  const session = await database.connect();
  const { rows } = await session.copyToParquet(
    `COPY (${select}) TO '${file}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, RETURN_STATS true)`,
  );
  const described = await session.rows(`DESCRIBE ${select}`);
  database.close();
  return { rows, columns: described.map((row) => ({ name: row.column_name, type: row.column_type })) };
}

export async function registerTables(dataDirectory, source, tables) {
  const state = await SystemState.open(dataDirectory);
  for (const id of tables) {
    await state.write((session) =>
      insertTable(session, {
        id,
        name: id,
        source_type: 'duckdb',
        source_name: source,
        bucket: null,
        source_table: id,
        sync_strategy: 'full_refresh',
        query_mode: 'local',
        sync_schedule: null,
        profile_after_sync: true,
        primary_key: ['id'],
        description: `Table ${id}`,
        options: {},
        registered_by: null,
        registered_at: '2026-01-01T00:00:00.000Z',
      }),
    );
  }
  await state.close();
}
