/** A pushed source with its process, in a folder of the test, and eyes that are another DuckDB. */
import { join } from 'node:path';
import { Database } from '../../src/duckdb/database.ts';
import type { PushedSourceOptions } from '../../src/receive/pushed-source.ts';
import { PushedSource } from '../../src/receive/pushed-source.ts';
import type { ReceiveTask } from '../../src/receive/shapes.ts';

export function receiveTask(
  dataDirectory: string,
  source: { name: string; type: string; settings: Record<string, unknown> },
  secrets: Record<string, string>,
): ReceiveTask {
  return {
    dataDirectory,
    source: { schedule: null, ...source },
    secrets,
    duckdb: { memoryLimit: '300MB', threads: 2, extensionDirectories: [] },
    limits: { extractMemoryBytes: 1_000_000_000, extractTimeMs: 120_000, graceMs: 3_600_000 },
  };
}

export function startPushed(
  dataDirectory: string,
  source: { name: string; type: string; settings: Record<string, unknown> },
  secrets: Record<string, string>,
  options: PushedSourceOptions = {},
): Promise<PushedSource> {
  return PushedSource.start(receiveTask(dataDirectory, source, secrets), options);
}

/** Applies and publishes everything that is stored; waits for a process that is still starting. */
export async function flush(source: PushedSource, timeoutMs = 60_000): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    try {
      await source.order('flush');
      return;
    } catch (thrown) {
      if (Date.now() > until) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Rows of the published extract, as text where a digit could be lost. */
export function published<Row = Record<string, unknown>>(
  dataDirectory: string,
  source: string,
  sql: string,
): Promise<Row[]> {
  return lookAtPublished(dataDirectory, source, (rows) => rows<Row>(sql));
}

/** Many queries over the published extract as it is now: opening it costs more than most of them. */
export async function lookAtPublished<Result>(
  dataDirectory: string,
  source: string,
  look: (rows: <Row>(sql: string) => Promise<Row[]>) => Promise<Result>,
): Promise<Result> {
  const path = join(dataDirectory, 'extracts', source, 'extract.duckdb');
  const limits = { memoryLimit: '200MB', threads: 1, tempDirectory: join(dataDirectory, 'spill') };
  await using database = await Database.open(path, limits, { readOnly: true });
  using session = await database.connect();
  return await look((sql) => session.rows(sql));
}
