/** Brings the parts of every changed table here; when the server's content moves on in the middle, once more from the new manifest. */
import type { ServerClient } from '../client/server-client.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { freeBytes } from './disk-space.ts';
import { fetchManifest } from './fetch-manifest.ts';
import { type FetchOutcome, fetchTables, type TableFetch } from './fetch-tables.ts';
import { planSync, type SyncPlan } from './plan-sync.ts';
import type { SyncEvent, SyncOptions } from './shapes.ts';
import type { WorkspaceState } from './state.ts';
import type { WorkspaceFolder } from './workspace-folder.ts';

export interface Brought {
  plan: SyncPlan;
  /** One for each changed table; none at a dry run. */
  outcomes: FetchOutcome[];
  /** Bytes of an earlier round, by table. */
  carried: Map<string, number>;
}

/** Parallel downloads: enough to hide round trips, few enough not to crowd out others. */
const defaultParallel = 4;

export async function bringContent(
  folder: WorkspaceFolder,
  client: ServerClient,
  state: WorkspaceState,
  options: SyncOptions,
): Promise<Brought> {
  const { signal = new AbortController().signal, onEvent = () => {}, dryRun = false } = options;
  const carried = new Map<string, number>();
  for (let round = 1; ; round += 1) {
    const manifest = await fetchManifest(folder, client, { signal, remember: !dryRun });
    // The second round follows at once: what the first one verified needs no second look.
    const plan = await planSync(folder, manifest, state, { only: options.only, verify: options.verify && round === 1 });
    onEvent(announcement(plan));
    if (dryRun) return { plan, outcomes: [], carried };
    const { fitting, tooLarge } = await fitToDisk(folder, plan.changed);
    const fetched = await fetchTables(folder, client, fitting, {
      parallel: options.parallel ?? defaultParallel,
      signal,
      onEvent,
    });
    signal.throwIfAborted();
    if (round === 2 || !fetched.some(movedOn)) return { plan, outcomes: [...fetched, ...tooLarge], carried };
    for (const { table, bytes } of fetched) carried.set(table.id, bytes);
    onEvent({ kind: 'note', message: 'The server’s content changed in the meantime; asking again.' });
  }
}

/** A part that the manifest named a moment ago and that is gone, or not ours to read any more. */
function movedOn({ error }: FetchOutcome): boolean {
  return error !== null && (error.code === 'not_found' || error.code === 'forbidden');
}

/** Leaves out the tables for which the disk has no room, so that the others still come. */
async function fitToDisk(
  folder: WorkspaceFolder,
  changed: readonly TableFetch[],
): Promise<{ fitting: TableFetch[]; tooLarge: FetchOutcome[] }> {
  let free = await freeBytes(folder.directory);
  const fitting: TableFetch[] = [];
  const tooLarge: FetchOutcome[] = [];
  for (const fetch of changed) {
    const needed = fetch.missing.reduce((sum, part) => sum + part.size_bytes, 0);
    if (needed <= free) {
      free -= needed;
      fitting.push(fetch);
      continue;
    }
    const error = new AttacheError('disk_full', {
      message: `${fetch.table.id} needs ${needed} bytes, and ${folder.directory} has room for ${free}.`,
      hint: 'Free some space and run `da sync` again. The old data stays.',
    });
    tooLarge.push({ table: fetch.table, bytes: 0, error });
  }
  return { fitting, tooLarge };
}

function announcement(plan: SyncPlan): SyncEvent {
  const missing = plan.changed.flatMap((change) => change.missing);
  const bytes = missing.reduce((sum, part) => sum + part.size_bytes, 0);
  const all = [...plan.unchanged, ...plan.changed.map((change) => change.table)];
  const named = all.flatMap((table) => table.parts).reduce((sum, part) => sum + part.size_bytes, 0);
  return {
    kind: 'planned',
    tables: all.length,
    changed: plan.changed.length,
    parts: missing.length,
    bytes,
    reused_bytes: Math.max(0, named - bytes),
    removed: plan.removed.length,
  };
}
