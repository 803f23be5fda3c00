/** Answers SQL from the local `analytics.duckdb`; works with no network and beside other readers. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../duckdb/database.ts';
import type { Session } from '../duckdb/session.ts';
import { AttacheError, toAttacheError } from '../errors/attache-error.ts';
import { asFolderError } from './file-errors.ts';
import { queryFault } from './query-fault.ts';
import { requireWorkspace, type WorkspaceFolder } from './workspace-folder.ts';

export type QueryResult = Awaited<ReturnType<Session['stream']>>;

interface QueryOptions {
  /** Opens the database for writing, which excludes every other program meanwhile. */
  write?: boolean;
  signal?: AbortSignal;
}

/** How long to wait for a sync that renews the views. */
const patienceMs = 5_000;

/** Runs SQL and hands the result of its last statement to `consume` while it streams. */
export async function queryWorkspace(
  folder: WorkspaceFolder,
  sql: string,
  options: QueryOptions,
  consume: (result: QueryResult) => Promise<void>,
): Promise<void> {
  await requireWorkspace(folder);
  if (!existsSync(folder.database)) {
    throw new AttacheError('not_found', {
      message: `There is no ${folder.database} yet.`,
      hint: 'Run `da sync`: it makes the database, without fetching again what is here.',
    });
  }
  await using database = await openPatiently(folder, options.write ?? false);
  using session = await database.connect();
  const interrupt = () => session.interrupt();
  options.signal?.addEventListener('abort', interrupt, { once: true });
  try {
    options.signal?.throwIfAborted();
    await consume(await session.stream(sql));
  } catch (thrown) {
    options.signal?.throwIfAborted();
    throw asQueryError(thrown, options.write ?? false);
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
  }
}

async function openPatiently(folder: WorkspaceFolder, write: boolean): Promise<Database> {
  const memoryLimit = `${Math.max(256, Math.floor((totalmem() / 1e6) * 0.6))}MB`;
  const tempDirectory = await spillFolder(folder);
  const limits = { memoryLimit, threads: availableParallelism(), tempDirectory };
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await Database.open(folder.database, limits, { readOnly: !write });
    } catch (thrown) {
      const error = toAttacheError(thrown);
      if (error.code !== 'locked' || Date.now() >= deadline) throw error;
      await sleep(50);
    }
  }
}

/** A spill folder of this process's own, because two processes in one corrupt each other's; it exists only when something spills. */
async function spillFolder(folder: WorkspaceFolder): Promise<string> {
  try {
    await mkdir(folder.temp, { recursive: true });
  } catch (thrown) {
    const error = asFolderError(thrown, folder.temp);
    // A workspace on a read-only disk can still be asked.
    if (!(error instanceof AttacheError && error.code === 'not_writable')) throw error;
  }
  return `${folder.temp}/query-${process.pid}`;
}

function asQueryError(thrown: unknown, write: boolean): unknown {
  if (thrown instanceof AttacheError || (thrown as NodeJS.ErrnoException).syscall !== undefined) return thrown;
  return queryFault(thrown, write);
}
