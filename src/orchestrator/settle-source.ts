/** Decides what a source serves after a look at it: the new content of what is well, the last good of what is not. Pure. */
import type { FoundTable, Look } from './look.ts';
import type { SavedSource, SavedTable } from './saved-catalogue.ts';

export function settleSource(
  before: SavedSource | undefined,
  look: Look,
  signature: string | null,
  now: string,
): SavedSource {
  const had = before?.tables ?? {};
  if (look.kind === 'unreadable') {
    return {
      ours: before?.ours ?? false,
      signature: look.again ? null : signature,
      failure: look.failure,
      problems: [],
      tables: mapTables(had, (table) => ({ ...table, stale: look.failure.message })),
    };
  }
  const tables: Record<string, SavedTable> = {};
  for (const [id, found] of Object.entries(look.tables)) tables[id] = settleTable(had[id], found, now);
  for (const [id, reason] of Object.entries(look.broken)) {
    const last = had[id];
    if (last !== undefined) tables[id] = { ...last, stale: reason };
  }
  return { ours: look.ours, signature, failure: null, problems: look.problems, tables };
}

/** A source whose folder is gone: what is registered stays, marked stale; the rest leaves with it. */
export function settleMissing(
  before: SavedSource,
  isRegistered: (table: string) => boolean,
  reason: string,
): SavedSource | null {
  const kept = Object.entries(before.tables).filter(([id]) => isRegistered(id));
  if (kept.length === 0) return null;
  return {
    ...before,
    signature: null,
    failure: { code: 'source_missing', message: reason },
    problems: [],
    tables: Object.fromEntries(kept.map(([id, table]) => [id, { ...table, stale: reason }])),
  };
}

function settleTable(before: SavedTable | undefined, found: FoundTable, now: string): SavedTable {
  // Content whose writer gives no instant keeps the one at which it was first seen.
  const seen = before !== undefined && contentOf(before) === contentOf(found) ? before.updated : now;
  return { ...found, updated: found.updated ?? seen, stale: null, view: true };
}

function contentOf(table: FoundTable): string {
  return table.parts.map((part) => part.sha256).join();
}

function mapTables(
  tables: Record<string, SavedTable>,
  change: (table: SavedTable) => SavedTable,
): Record<string, SavedTable> {
  return Object.fromEntries(Object.entries(tables).map(([id, table]) => [id, change(table)]));
}
