/** What a workspace remembers in `.da/state.json`: tables held, views owned, and when it last tried and succeeded. */

import { readJson, writeJson } from './json-file.ts';
import type { HeldTable, TableFailure } from './shapes.ts';
import type { WorkspaceFolder } from './workspace-folder.ts';

export interface WorkspaceState {
  /** The server of the last sync. */
  server: string | null;
  last_attempt: string | null;
  /** Last sync in which nothing failed. */
  last_success: string | null;
  tables: Map<string, HeldTable>;
  /** Views of `analytics.duckdb` that are ours to replace and drop. */
  views: Set<string>;
  /** `viewsSignature` after the last renewal in which every view could be made, or null. */
  views_signature: string | null;
  /** What failed at the last attempt. */
  failures: TableFailure[];
}

interface StoredState extends Omit<WorkspaceState, 'tables' | 'views'> {
  version: 1;
  tables: HeldTable[];
  views: string[];
}

export async function readState(folder: WorkspaceFolder): Promise<WorkspaceState> {
  const stored = await readJson<Partial<StoredState>>(folder.state);
  return {
    server: stored?.server ?? null,
    last_attempt: stored?.last_attempt ?? null,
    last_success: stored?.last_success ?? null,
    tables: new Map((stored?.tables ?? []).map((table) => [table.id, table])),
    views: new Set(stored?.views ?? []),
    views_signature: stored?.views_signature ?? null,
    failures: stored?.failures ?? [],
  };
}

export async function writeState(folder: WorkspaceFolder, state: WorkspaceState): Promise<void> {
  const tables = [...state.tables.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const stored: StoredState = { version: 1, ...state, tables, views: [...state.views].sort() };
  await writeJson(folder.state, stored);
}
