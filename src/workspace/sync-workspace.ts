/** `da sync`: manifest → plan → fetch → views → prune → report. */
import type { ServerClient } from '../client/server-client.ts';
import { AttacheError, toAttacheError, toErrorRecord } from '../errors/attache-error.ts';
import { takeLock } from '../files/lock.ts';
import { type Brought, bringContent } from './bring-content.ts';
import { asFolderError } from './file-errors.ts';
import { pruneParts } from './local-parts.ts';
import type { ReconcileOutcome } from './reconcile-views.ts';
import { viewsSignature } from './settled-views.ts';
import type { HeldTable, SyncOptions, SyncReport, TableFailure } from './shapes.ts';
import { readState, type WorkspaceState, writeState } from './state.ts';
import type { WorkspaceFolder } from './workspace-folder.ts';

/** Throws what stops the sync as a whole; what concerns single tables, or only the views, stands in the report. */
export async function syncWorkspace(
  folder: WorkspaceFolder,
  client: ServerClient,
  options: SyncOptions = {},
): Promise<SyncReport> {
  try {
    await using _lock = await takeLock(folder.lock, `The workspace ${folder.directory}`);
    const state = await readState(folder);
    const brought = await bringContent(folder, client, state, options);
    if (options.dryRun) return reportOf(brought, { dryRun: true });
    const tables = tablesAfter(state, brought);
    const views = await renewViews(folder, state, tables);
    // The old views still stand, and need the old parts.
    if (views instanceof AttacheError) return await finish(folder, client, state, tables, reportOf(brought, { views }));
    const settled = withoutUnreadable(tables, views, state.tables);
    await pruneParts(folder, neededParts(settled, brought));
    state.views = new Set(settled.keys());
    state.views_signature = views.failed.size === 0 ? await viewsSignature(folder, inOrder(settled)) : null;
    return await finish(folder, client, state, settled, reportOf(brought, { views }));
  } catch (thrown) {
    options.signal?.throwIfAborted();
    throw asFolderError(thrown, folder.directory);
  }
}

/** What the workspace holds once everything brought is live: failed tables keep what they had. */
function tablesAfter(state: WorkspaceState, { plan, outcomes }: Brought): Map<string, HeldTable> {
  const now = new Date().toISOString();
  const tables = new Map(state.tables);
  for (const id of plan.removed) tables.delete(id);
  for (const table of plan.unchanged) {
    tables.set(table.id, { ...table, synced_at: state.tables.get(table.id)?.synced_at ?? now });
  }
  for (const { table, error } of outcomes) if (error === null) tables.set(table.id, { ...table, synced_at: now });
  return tables;
}

/** Renews the views, or returns why the local database could not be touched. */
async function renewViews(
  folder: WorkspaceFolder,
  state: WorkspaceState,
  tables: ReadonlyMap<string, HeldTable>,
): Promise<ReconcileOutcome | AttacheError> {
  if (state.views_signature !== null && state.views_signature === (await viewsSignature(folder, inOrder(tables))))
    return { changed: 0, failed: new Map() };
  // Written first: a kill after the views are made must not leave views that nobody knows to be ours.
  const owned = new Set([...state.views, ...tables.keys()]);
  if (owned.size > state.views.size) await writeState(folder, { ...state, views: owned });
  state.views = owned;
  try {
    // Loaded only now: most syncs find nothing to do, and DuckDB takes longer to load than they to run.
    const { reconcileViews } = await import('./reconcile-views.ts');
    return await reconcileViews({ folder, tables: [...tables.values()], owned });
  } catch (thrown) {
    return toAttacheError(asFolderError(thrown, folder.directory));
  }
}

function inOrder(tables: ReadonlyMap<string, HeldTable>): HeldTable[] {
  return [...tables.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A table whose new parts DuckDB cannot read keeps its old content, which its view still shows. */
function withoutUnreadable(
  tables: Map<string, HeldTable>,
  views: ReconcileOutcome,
  before: ReadonlyMap<string, HeldTable>,
): Map<string, HeldTable> {
  const settled = new Map(tables);
  for (const [id, error] of views.failed) {
    if (error.code === 'conflict') continue;
    const old = before.get(id);
    if (old === undefined) settled.delete(id);
    else settled.set(id, old);
  }
  return settled;
}

/** Parts that are live, and parts of tables that failed: the next sync goes on from those. */
function neededParts(tables: ReadonlyMap<string, HeldTable>, { plan }: Brought): Map<string, Set<string>> {
  const needed = new Map<string, Set<string>>();
  for (const table of [...tables.values(), ...plan.changed.map((change) => change.table)]) {
    const hashes = needed.get(table.id) ?? new Set();
    for (const part of table.parts) hashes.add(part.sha256);
    needed.set(table.id, hashes);
  }
  return needed;
}

function reportOf(
  { plan, outcomes, carried }: Brought,
  { views, dryRun = false }: { views?: ReconcileOutcome | AttacheError; dryRun?: boolean },
): SyncReport {
  const moved = (id: string, bytes: number) => bytes + (carried.get(id) ?? 0);
  const viewFailures =
    views === undefined || views instanceof AttacheError ? new Map<string, AttacheError>() : views.failed;
  const fetchFailures = outcomes.flatMap(({ table, error }) => (error === null ? [] : [asFailure(table.id, error)]));
  const failed = [...plan.failed, ...fetchFailures, ...[...viewFailures].map(([id, error]) => asFailure(id, error))];
  const bad = new Set(failed.map((failure) => failure.table));
  const downloaded = dryRun
    ? plan.changed.map(({ table, missing }) => ({
        table,
        bytes: missing.reduce((sum, part) => sum + part.size_bytes, 0),
      }))
    : outcomes.map(({ table, bytes }) => ({ table, bytes: moved(table.id, bytes) }));
  return {
    downloaded: downloaded
      .filter(({ table }) => !bad.has(table.id))
      .map(({ table, bytes }) => ({ table: table.id, rows: table.rows, bytes })),
    unchanged: plan.unchanged.map((table) => table.id).filter((id) => !bad.has(id)),
    removed: plan.removed,
    failed,
    bytes: downloaded.reduce((sum, { bytes }) => sum + bytes, 0),
    dry_run: dryRun,
    errors: views instanceof AttacheError ? [toErrorRecord(views)] : [],
    remote: plan.remote,
    pending: plan.pending,
  };
}

function asFailure(table: string, error: AttacheError): TableFailure {
  return { table, code: error.code, message: error.message, hint: error.hint };
}

/** Remembers how it went. */
async function finish(
  folder: WorkspaceFolder,
  client: ServerClient,
  state: WorkspaceState,
  tables: Map<string, HeldTable>,
  report: SyncReport,
): Promise<SyncReport> {
  const now = new Date().toISOString();
  const well = report.failed.length === 0 && report.errors.length === 0;
  await writeState(folder, {
    server: client.address.url,
    last_attempt: now,
    last_success: well ? now : state.last_success,
    tables,
    views: state.views,
    views_signature: state.views_signature,
    failures: report.failed,
  });
  return report;
}
