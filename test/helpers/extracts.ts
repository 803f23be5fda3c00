/** Extracts for tests: published ones through our own publisher, foreign ones through the plain driver as any program would. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { extractFolder } from '../../src/contract/extract-folder.ts';
import type { ExtractCatalogue, Part } from '../../src/contract/shapes.ts';
import { Database, type DatabaseLimits } from '../../src/duckdb/database.ts';
import { literal } from '../../src/duckdb/quote.ts';
import { takeLock } from '../../src/files/lock.ts';
import { SyncOrchestrator } from '../../src/orchestrator/orchestrator.ts';
import { publish } from '../../src/publish/publish.ts';
import { createScratch } from '../../src/publish/scratch.ts';
import { sealPart } from '../../src/publish/seal-part.ts';

export interface TemporaryFolder {
  directory: string;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const directory = await mkdtemp(join(tmpdir(), 'da-test-'));
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

const duckdb = { memoryLimit: '400MB', threads: 1 };

export function limitsIn(directory: string): DatabaseLimits {
  return { ...duckdb, tempDirectory: join(directory, 'spill') };
}

export function orchestrator(
  dataDirectory: string,
  extra: { graceMs?: number; now?: () => number; draftMs?: number; extractTimeMs?: number } = {},
) {
  return new SyncOrchestrator({
    dataDirectory,
    duckdb,
    limits: {
      extractMemoryBytes: 1 << 30,
      extractTimeMs: extra.extractTimeMs ?? 60_000,
      graceMs: extra.graceMs ?? 3_600_000,
    },
    now: extra.now,
    draftMs: extra.draftMs,
  });
}

/** Publishes tables, each given as one query or several, one for each part. */
export async function publishTables(
  dataDirectory: string,
  source: string,
  tables: Record<string, string | string[]>,
  removed: string[] = [],
): Promise<ExtractCatalogue> {
  const folder = extractFolder(dataDirectory, source);
  await mkdir(folder.work, { recursive: true });
  await using _lock = await takeLock(join(folder.work, 'lock'), source);
  await using scratch = await createScratch(folder.work);
  const limits = limitsIn(scratch.directory);
  const published = new Map();
  for (const [id, queries] of Object.entries(tables)) {
    const parts: Part[] = [];
    let columns: { name: string; type: string }[] = [];
    for (const query of [queries].flat()) {
      await using memory = await Database.inMemory(limits);
      const session = await memory.connect();
      const file = join(scratch.directory, 'draft.parquet');
      const { rows } = await session.copyToParquet(
        `COPY (${query}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, RETURN_STATS true)`,
      );
      columns = (await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${query}`)).map((row) => ({
        name: row.column_name,
        type: row.column_type,
      }));
      parts.push(await sealPart(folder, id, file, rows));
    }
    const sum = (pick: (part: Part) => number) => parts.reduce((total, part) => total + pick(part), 0);
    published.set(id, {
      meta: {
        table_name: id,
        description: `The table ${id}`,
        rows: sum((part) => part.rows),
        size_bytes: sum((part) => part.size_bytes),
        extracted_at: '2026-01-31T12:00:00.000000Z',
        query_mode: 'local',
      },
      parts,
      record: { columns, state: null, schema_changes: [] },
    });
  }
  return await publish(folder, { tables: published, removed }, scratch.directory, limits);
}

/** Writes `extracts/{source}/extract.duckdb` with plain statements; `{folder}` in them is the extract's folder. */
export async function writeForeign(dataDirectory: string, source: string, statements: string[]): Promise<string> {
  const folder = join(dataDirectory, 'extracts', source);
  await mkdir(join(folder, 'data'), { recursive: true });
  await runPlain(
    join(folder, 'extract.duckdb'),
    statements.map((statement) => statement.replaceAll('{folder}', folder)),
  );
  return folder;
}

export const foreignMeta =
  "CREATE TABLE _meta (table_name VARCHAR NOT NULL, description VARCHAR, rows BIGINT, size_bytes BIGINT, extracted_at TIMESTAMP, query_mode VARCHAR DEFAULT 'local')";

/** Runs statements against a file (or in memory) with the plain driver; rows of the last one. */
export async function runPlain(
  file: string,
  statements: string[],
  options: Record<string, string> = {},
): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(file, options);
  const connection = await instance.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) {
      rows = (await connection.runAndReadAll(statement)).getRowObjectsJson() as Record<string, unknown>[];
    }
    return rows;
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

/** Rows of a query against the master, as any DuckDB process sees it. */
export async function queryMaster(dataDirectory: string, sql: string): Promise<Record<string, unknown>[]> {
  return runPlain(join(dataDirectory, 'analytics.duckdb'), [sql], { access_mode: 'READ_ONLY' });
}
