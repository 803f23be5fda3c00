/** A server double and an empty workspace for one test. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerClient } from '../../src/client/server-client.ts';
import { Database } from '../../src/duckdb/database.ts';
import type { SyncOptions, SyncReport } from '../../src/workspace/shapes.ts';
import { syncWorkspace } from '../../src/workspace/sync-workspace.ts';
import { ensureWorkspace, type WorkspaceFolder, workspaceAt } from '../../src/workspace/workspace-folder.ts';
import { DaServerDouble, type DoubleTable } from '../doubles/da-server/server.ts';

export interface Setting {
  server: DaServerDouble;
  folder: WorkspaceFolder;
  client: ServerClient;
  sync(options?: SyncOptions): Promise<SyncReport>;
  /** Rows of a query on the local database, opened as any other program would. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Every file below the workspace, relative, without the database and `.da`. */
  files(): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function createSetting(tables: Record<string, DoubleTable>): Promise<Setting> {
  const root = await mkdtemp(join(tmpdir(), 'da-workspace-'));
  const server = await DaServerDouble.start(tables);
  const folder = workspaceAt(join(root, 'workspace'));
  await ensureWorkspace(folder);
  const client = new ServerClient({ url: server.url, token: server.token }, { stallMs: 500 });
  return {
    server,
    folder,
    client,
    sync: (options) => syncWorkspace(folder, client, options),
    query: (sql) => queryFile(folder.database, root, sql),
    files: () => filesBelow(folder.data),
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function queryFile(path: string, temp: string, sql: string): Promise<Record<string, unknown>[]> {
  await using database = await Database.open(path, { memoryLimit: '400MB', threads: 1, tempDirectory: temp });
  using session = await database.connect();
  return await session.rows(sql);
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}
