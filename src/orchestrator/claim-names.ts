/** Decides which source owns each flat name: the registry, else who claimed it first. Never "the last one wins". Pure. */
import type { SavedSource } from './saved-catalogue.ts';
import type { Problem } from './shapes.ts';

export interface Claims {
  owners: Record<string, string>;
  problems: Problem[];
}

export function claimNames(
  sources: Readonly<Record<string, SavedSource>>,
  registered: ReadonlyMap<string, string>,
  earlier: ReadonlyMap<string, string>,
): Claims {
  const claimants = new Map<string, string[]>();
  for (const source of Object.keys(sources).sort()) {
    for (const table of Object.keys(sources[source]?.tables ?? {})) {
      const others = claimants.get(table);
      if (others === undefined) claimants.set(table, [source]);
      else others.push(source);
    }
  }
  const owners: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const [table, rivals] of [...claimants].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const owner = ownerOf(table, rivals, sources, registered, earlier);
    owners[table] = owner;
    if (rivals.some((rival) => rival !== owner)) {
      for (const rival of new Set([owner, ...rivals])) problems.push(taken(table, rival, owner, rivals));
    }
  }
  return { owners, problems };
}

function ownerOf(
  table: string,
  rivals: readonly string[],
  sources: Readonly<Record<string, SavedSource>>,
  registered: ReadonlyMap<string, string>,
  earlier: ReadonlyMap<string, string>,
): string {
  const byRegistry = registered.get(table);
  if (byRegistry !== undefined) return byRegistry;
  const first = earlier.get(table);
  // A claim ends only when its source can be read and no longer lists the table, or is gone.
  if (first !== undefined && (rivals.includes(first) || sources[first]?.failure)) return first;
  return rivals[0] as string;
}

function taken(table: string, rival: string, owner: string, rivals: readonly string[]): Problem {
  const losers = rivals.filter((other) => other !== owner);
  return {
    source: rival,
    table,
    code: 'name_taken',
    message:
      rival === owner
        ? `${losers.join(', ')} also ${losers.length === 1 ? 'has' : 'have'} a table ${table}; the name ${table} belongs to ${owner}.`
        : `The name ${table} belongs to ${owner}; this table is reachable as ${rival}.${table}.`,
  };
}
