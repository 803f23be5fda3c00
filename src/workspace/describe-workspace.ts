/** What a workspace holds, told from its own state: no network, no database. */

import { AttacheError } from '../errors/attache-error.ts';
import { closest } from '../errors/closest.ts';
import type { HeldTable, TableFailure } from './shapes.ts';
import { readState, type WorkspaceState } from './state.ts';
import { requireWorkspace, type WorkspaceFolder } from './workspace-folder.ts';

/** One table as `da tables` and `da status` tell it. */
export interface TableSummary {
  table: string;
  source: string | null;
  rows: number | null;
  size_bytes: number;
  /** ISO 8601: when the server's copy was extracted. */
  updated: string | null;
  /** ISO 8601: when this content arrived here. */
  synced_at: string;
  /** Why the last sync could not renew it. */
  failure: Omit<TableFailure, 'table'> | null;
}

export interface WorkspaceSummary {
  workspace: string;
  server: string | null;
  last_attempt: string | null;
  last_success: string | null;
  size_bytes: number;
  tables: TableSummary[];
  /** Failures of the last sync, also of tables that are not here. */
  failures: TableFailure[];
}

export async function describeWorkspace(folder: WorkspaceFolder): Promise<WorkspaceSummary> {
  const state = await stateOf(folder);
  const tables = [...state.tables.values()].map((table) => summarise(table, state));
  return {
    workspace: folder.directory,
    server: state.server,
    last_attempt: state.last_attempt,
    last_success: state.last_success,
    size_bytes: tables.reduce((sum, table) => sum + table.size_bytes, 0),
    tables,
    failures: state.failures,
  };
}

/** One table with its columns; `not_found` names the likely spelling. */
export async function describeTable(
  folder: WorkspaceFolder,
  id: string,
): Promise<TableSummary & Pick<HeldTable, 'columns' | 'hash'> & { parts: number }> {
  const state = await stateOf(folder);
  const table = state.tables.get(id);
  if (table !== undefined) {
    return { ...summarise(table, state), columns: table.columns, hash: table.hash, parts: table.parts.length };
  }
  const meant = closest(id, state.tables.keys());
  throw new AttacheError('not_found', {
    message: `This workspace has no table ${id}.`,
    hint:
      meant === null ? 'See `da tables` for what there is, and `da sync` for what is new.' : `Did you mean ${meant}?`,
  });
}

async function stateOf(folder: WorkspaceFolder): Promise<WorkspaceState> {
  await requireWorkspace(folder);
  return readState(folder);
}

function summarise(table: HeldTable, state: WorkspaceState): TableSummary {
  const failure = state.failures.find((one) => one.table === table.id);
  return {
    table: table.id,
    source: table.source,
    rows: table.rows,
    size_bytes: table.parts.reduce((sum, part) => sum + part.size_bytes, 0),
    updated: table.updated,
    synced_at: table.synced_at,
    failure: failure === undefined ? null : { code: failure.code, message: failure.message, hint: failure.hint },
  };
}
