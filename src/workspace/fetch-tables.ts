/** Fetches the missing parts of several tables in parallel; a table that fails does not stop the others. */
import pLimit from 'p-limit';
import type { ServerClient } from '../client/server-client.ts';
import { isNobodyThere } from '../client/unreachable.ts';
import { type AttacheError, toAttacheError } from '../errors/attache-error.ts';
import { fetchPart } from './fetch-part.ts';
import { asFolderError } from './file-errors.ts';
import { localPath } from './local-parts.ts';
import type { ManifestPart, ManifestTable, SyncEvent } from './shapes.ts';
import type { WorkspaceFolder } from './workspace-folder.ts';

export interface TableFetch {
  table: ManifestTable;
  missing: ManifestPart[];
}

export interface FetchOutcome {
  table: ManifestTable;
  /** Bytes that came over the network, wrong and repeated ones included. */
  bytes: number;
  /** Null: every part is here. */
  error: AttacheError | null;
}

interface FetchOptions {
  parallel: number;
  signal: AbortSignal;
  onEvent: (event: SyncEvent) => void;
}

export async function fetchTables(
  folder: WorkspaceFolder,
  client: ServerClient,
  fetches: readonly TableFetch[],
  options: FetchOptions,
): Promise<FetchOutcome[]> {
  const limit = pLimit(options.parallel);
  const everything = new AbortController();
  const all = AbortSignal.any([options.signal, everything.signal]);
  return Promise.all(
    fetches.map(async (fetch) => {
      const outcome = await fetchTable(folder, client, fetch, { ...options, signal: all }, limit);
      if (outcome.error !== null && stopsEverything(outcome.error)) everything.abort(outcome.error);
      return outcome;
    }),
  );
}

async function fetchTable(
  folder: WorkspaceFolder,
  client: ServerClient,
  { table, missing }: TableFetch,
  { signal, onEvent }: FetchOptions,
  limit: <Result>(task: () => Promise<Result>) => Promise<Result>,
): Promise<FetchOutcome> {
  const total = missing.reduce((sum, part) => sum + part.size_bytes, 0);
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  let bytes = 0;
  const onBytes = (count: number) => {
    bytes += count;
    onEvent({ kind: 'table_bytes', table: table.id, bytes, total });
  };
  const fetchOne = async (part: ManifestPart) => {
    either.throwIfAborted();
    try {
      const path = localPath(folder, table.id, part.sha256);
      await fetchPart(client, { table: table.id, part, path, signal: either, onBytes });
    } catch (thrown) {
      // The table cannot become whole any more; its other parts need not come now.
      own.abort(thrown);
      throw thrown;
    }
  };
  const settled = await Promise.allSettled(missing.map((part) => limit(() => fetchOne(part))));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed === undefined) {
    onEvent({ kind: 'table_done', table: table.id });
    return { table, bytes, error: null };
  }
  const error = toAttacheError(asFolderError(own.signal.aborted ? own.signal.reason : failed.reason, folder.directory));
  onEvent({ kind: 'table_failed', table: table.id, message: error.message });
  return { table, bytes, error };
}

/** What no other table could do better: nobody there, not signed in, nowhere to write. */
function stopsEverything(error: AttacheError): boolean {
  return ['unauthorized', 'disk_full', 'not_writable'].includes(error.code) || isNobodyThere(error);
}
