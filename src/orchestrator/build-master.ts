/** Brings the master to what the sources offer: its views, who owns which flat name, and the swap. */
import { join } from 'node:path';
import { type Claims, claimNames } from './claim-names.ts';
import type { DataFolder } from './data-folder.ts';
import { databaseLimits } from './limits.ts';
import { MasterDraft } from './master-draft.ts';
import type { SavedCatalogue, SavedSource, SavedTable } from './saved-catalogue.ts';
import type { OrchestratorOptions, RebuildRequest } from './shapes.ts';
import { flatViews, schemasOf, sourceViews, type View, type Views, viewChanges, viewsOf } from './views.ts';

export interface BuildWay {
  /** Every view is made anew instead of copying the present master. */
  fresh: boolean;
  /** A copy of the present master that is being opened already; whoever opened it closes it. */
  draft?: Promise<MasterDraft | null> | null;
  scratch: string;
  options: OrchestratorOptions;
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
  { fresh, draft: early = null, scratch, options }: BuildWay,
): Promise<Built> {
  const sources = { ...given };
  const earlier = new Map([...Object.entries(before.claims), ...(request.owned ?? [])]);
  const claim = () => claimNames(sources, request.registered ?? new Map(), earlier);
  let views: Views | null = null;
  const own = () => {
    views ??= sourceViews(sources, folder.directory);
    return views;
  };
  const flat = () => flatViews(claim().owners, own());

  const old = viewsOf(before);
  const present = fresh ? { own: new Map(), flat: new Map() } : split(old);
  if (!fresh && isSame(present.own, own()) && isSame(present.flat, flat())) {
    return { sources, claims: claim(), swapped: false };
  }
  const opened = await (early ?? openDraft(folder, fresh, scratch, options));
  if (opened === null) return buildMaster(folder, before, given, request, { fresh: true, scratch, options });
  await using draft = opened;
  await applyBindable(draft, present.own, own, (view, reason) => {
    withdraw(sources, before, view, reason);
    views = null;
  });
  await draft.apply(viewChanges(present.flat, flat()));
  const wanted = schemasOf(own());
  if (!fresh) await draft.dropSchemas([...schemasOf(present.own)].filter((schema) => !wanted.has(schema)));
  await draft.replace(folder.master);
  return { sources, claims: claim(), swapped: true };
}

/** The draft; null when the present master cannot be copied, so that a fresh one is needed. */
export async function openDraft(
  folder: DataFolder,
  fresh: boolean,
  scratch: string,
  options: OrchestratorOptions,
): Promise<MasterDraft | null> {
  // A place of its own: what looks at the extracts may spill at the same time.
  const limits = { ...databaseLimits(options, scratch), tempDirectory: join(scratch, 'draft-spill') };
  if (fresh) return MasterDraft.open(scratch, null, limits);
  return MasterDraft.open(scratch, folder.master, limits).catch(() => null);
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

function split(views: Views): { own: Views; flat: Views } {
  const entries = [...views];
  return {
    own: new Map(entries.filter(([, view]) => view.schema !== 'main')),
    flat: new Map(entries.filter(([, view]) => view.schema === 'main')),
  };
}

function isSame(present: Views, wanted: Views): boolean {
  const { drop, create } = viewChanges(present, wanted);
  return drop.length === 0 && create.length === 0;
}
