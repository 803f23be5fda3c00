/** Brings the master to what the sources offer: its views, who owns which flat name, and the swap. */
import { type Claims, claimNames } from './claim-names.ts';
import type { DataFolder } from './data-folder.ts';
import type { MasterDraft } from './master-draft.ts';
import type { SavedCatalogue, SavedSource, SavedTable } from './saved-catalogue.ts';
import type { RebuildRequest } from './shapes.ts';
import type { StandingDraft } from './standing-draft.ts';
import { flatViews, schemasOf, sourceViews, type View, type ViewChanges, type Views, viewChanges } from './views.ts';

export interface BuildWay {
  /** Every view is made anew instead of copying the present master. */
  fresh: boolean;
  draft: StandingDraft;
}

export interface Built {
  /** As given, except for tables whose view cannot be bound. */
  sources: Record<string, SavedSource>;
  claims: Claims;
  swapped: boolean;
}

export async function buildMaster(
  folder: DataFolder,
  before: SavedCatalogue,
  given: Readonly<Record<string, SavedSource>>,
  request: RebuildRequest,
  { fresh, draft: standing }: BuildWay,
): Promise<Built> {
  const sources = { ...given };
  // A source that nobody looked at is the same object, and so are its views.
  const touched = [...namesOf(before.sources, given)].filter(
    (source) => fresh || before.sources[source] !== given[source],
  );
  const earlier = new Map([...Object.entries(before.claims), ...(request.owned ?? [])]);
  const next = { sources, dataDirectory: folder.directory };
  let claims: Claims | null = null;
  const claimed = () => {
    claims ??= claimNames(sources, request.registered ?? new Map(), earlier);
    return claims;
  };
  const present = sourceViews(before, fresh ? [] : touched);
  const flatChanges = () => {
    const { owners } = claimed();
    const names = movedNames(before.claims, owners, fresh ? null : new Set(touched));
    return viewChanges(fresh ? new Map() : flatViews(before, before.claims, names), flatViews(next, owners, names));
  };

  if (!fresh && isNothing(viewChanges(present, sourceViews(next, touched))) && isNothing(flatChanges())) {
    return { sources, claims: claimed(), swapped: false };
  }
  const draft = await (fresh ? standing.empty() : standing.copy(before.master));
  if (draft === null) return buildMaster(folder, before, given, request, { fresh: true, draft: standing });
  await applyBindable(
    draft,
    present,
    () => sourceViews(next, touched),
    (view, reason) => {
      withdraw(sources, before, view, reason);
      claims = null;
    },
  );
  await draft.apply(flatChanges());
  const wanted = schemasOf(sourceViews(next, touched));
  await draft.dropSchemas([...schemasOf(present)].filter((schema) => !wanted.has(schema)));
  await draft.replace(folder.master);
  return { sources, claims: claimed(), swapped: true };
}

/** Applies what is wanted; what cannot be bound is withdrawn, which changes what is wanted, until all of it is there. */
async function applyBindable(
  draft: MasterDraft,
  present: Views,
  wanted: () => Views,
  withdrawView: (view: View, reason: string) => void,
): Promise<void> {
  let there = present;
  for (;;) {
    const target = wanted();
    const failed = await draft.apply(viewChanges(there, target));
    if (failed.size === 0) return;
    there = new Map(
      [...target].flatMap(([key, view]) => {
        const now = failed.has(view) ? there.get(key) : view;
        return now === undefined ? [] : [[key, now] as const];
      }),
    );
    for (const [view, reason] of failed) withdrawView(view, reason);
  }
}

/** Puts a table back to its last good content, or leaves it without a view, and says why. */
function withdraw(
  sources: Record<string, SavedSource>,
  before: SavedCatalogue,
  { source, name }: View,
  reason: string,
): void {
  const saved = sources[source] as SavedSource;
  const now = saved.tables[name] as SavedTable;
  const last = before.sources[source]?.tables[name];
  const message = `The files of ${source}.${name} cannot be bound: ${reason}`;
  const other = last?.view === true && JSON.stringify(last.parts) !== JSON.stringify(now.parts);
  const kept: SavedTable = other ? { ...last, stale: message } : { ...now, stale: message, view: false };
  sources[source] = {
    ...saved,
    problems: [...saved.problems, { table: name, code: 'view_failed', message }],
    tables: { ...saved.tables, [name]: kept },
  };
}

/** The flat names whose view may differ: their owner changed, or is one of `touched`; all of them when that is null. */
function movedNames(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
  touched: ReadonlySet<string> | null,
): string[] {
  return [...namesOf(before, now)].filter((name) => {
    const [was, is] = [before[name], now[name]];
    return touched === null || was !== is || (is !== undefined && touched.has(is));
  });
}

function namesOf(...records: Readonly<Record<string, unknown>>[]): Set<string> {
  return new Set(records.flatMap((record) => Object.keys(record)));
}

function isNothing({ drop, create }: ViewChanges): boolean {
  return drop.length === 0 && create.length === 0;
}
