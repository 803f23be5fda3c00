/** Decides what a sync has to do, from the manifest and what is here. */
import { AttacheError } from '../errors/attache-error.ts';
import { closest } from '../errors/closest.ts';
import { holdsPart } from './local-parts.ts';
import type { Manifest, ManifestPart, ManifestTable, TableFailure } from './shapes.ts';
import type { WorkspaceState } from './state.ts';
import type { WorkspaceFolder } from './workspace-folder.ts';

export interface SyncPlan {
  /** Tables whose content here is to become the manifest's. `missing` are the parts to fetch: none when they are all here already. */
  changed: { table: ManifestTable; missing: ManifestPart[] }[];
  unchanged: ManifestTable[];
  /** Held, and no longer in the manifest. */
  removed: string[];
  remote: string[];
  pending: string[];
  failed: TableFailure[];
}

export async function planSync(
  folder: WorkspaceFolder,
  manifest: Manifest,
  state: WorkspaceState,
  { only = [], verify = false }: { only?: readonly string[]; verify?: boolean },
): Promise<SyncPlan> {
  const plan: SyncPlan = { changed: [], unchanged: [], removed: [], remote: [], pending: [], failed: [] };
  refuseUnknown(only, manifest);
  const wanted = (id: string) => only.length === 0 || only.includes(id);
  for (const [table, { code, message, hint }] of manifest.refused) {
    if (wanted(table)) plan.failed.push({ table, code, message, hint });
  }
  for (const table of manifest.tables.values()) {
    if (!wanted(table.id)) continue;
    if (table.query_mode === 'remote') plan.remote.push(table.id);
    else if (table.parts.length === 0) plan.pending.push(table.id);
    else await planTable(folder, plan, table, state.tables.get(table.id)?.hash, verify);
  }
  // Also with a selection: what is no longer granted goes at the first contact.
  plan.removed = [...state.tables.keys()].filter((id) => !staysHere(id, manifest));
  return plan;
}

async function planTable(
  folder: WorkspaceFolder,
  plan: SyncPlan,
  table: ManifestTable,
  heldHash: string | undefined,
  verify: boolean,
): Promise<void> {
  const distinct = new Map(table.parts.map((part) => [part.sha256, part]));
  const missing: ManifestPart[] = [];
  for (const part of distinct.values()) {
    if (!(await holdsPart(folder, table.id, part, verify))) missing.push(part);
  }
  if (missing.length === 0 && heldHash === table.hash) plan.unchanged.push(table);
  else plan.changed.push({ table, missing });
}

/** A table that the manifest names in an unusable way stays: unknown is not revoked. */
function staysHere(id: string, manifest: Manifest): boolean {
  return manifest.tables.get(id)?.query_mode === 'local' || manifest.refused.has(id);
}

function refuseUnknown(only: readonly string[], manifest: Manifest): void {
  const known = [...manifest.tables.keys(), ...manifest.refused.keys()];
  const unknown = only.filter((id) => !known.includes(id));
  if (unknown.length === 0) return;
  const meant = closest(unknown[0] as string, known);
  throw new AttacheError('not_found', {
    message: `The server has no table ${unknown.join(', ')} for you.`,
    hint: meant === null ? 'See `da tables` for what there is.' : `Did you mean ${meant}?`,
  });
}
