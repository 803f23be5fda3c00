/** One rebuild: scan, look at what changed, settle, build the next master, swap, save. */
import { rm } from 'node:fs/promises';
import { createScratch } from '../publish/scratch.ts';
import { type Claims, claimNames } from './claim-names.ts';
import type { DataFolder } from './data-folder.ts';
import { lookAtSources } from './look-at-sources.ts';
import { MasterDraft } from './master-draft.ts';
import { databaseLimits } from './limits.ts';
import { type SavedCatalogue, type SavedSource, type SavedTable, saveCatalogue } from './saved-catalogue.ts';
import { type Scan, scanExtracts } from './scan.ts';
import { settleMissing, settleSource } from './settle-source.ts';
import type { OrchestratorOptions, Problem, RebuildRequest } from './shapes.ts';
import { fileSignature } from './signature.ts';
import { flatViews, schemasOf, sourceViews, type Views, viewChanges, viewsOf } from './views.ts';

export interface Rebuilt {
  saved: SavedCatalogue;
  problems: Problem[];
  changed: boolean;
  /** Sources that were looked at anew. */
  looked: string[];
}

export async function rebuild(
  folder: DataFolder,
  before: SavedCatalogue,
  request: RebuildRequest & { retryFailures: boolean },
  options: OrchestratorOptions,
): Promise<Rebuilt> {
  await using scratch = await createScratch(folder.work);
  const moved = before.dataDirectory !== folder.directory;
  const sameMaster = before.master !== null && before.master === (await fileSignature(folder.master));
  const full = request.full === true || moved || before.master === null;
  const scan = await scanExtracts(
    folder.directory,
    before.sources,
    (source) => full || (request.retryFailures && source.failure !== null),
  );
  const looked = scan.sources.filter((source) => source.changed);
  const looks = await lookAtSources(looked, options, databaseLimits(options, scratch.directory));
  const now = new Date((options.now ?? Date.now)()).toISOString();
  const sources = keepUnchanged(before, scan, request.registered ?? new Map());
  for (const { source, look, signature } of looks) {
    sources[source] = settleSource(before.sources[source], look, signature, now);
  }
  const draft = { sources: sorted(sources), claims: before.claims };
  const built = await buildMaster(folder, before, draft.sources, request, {
    fresh: full || !sameMaster,
    scratch: scratch.directory,
    options,
  });
  const changed = built.swapped || servedDiffers(before, draft.sources, built.claims.owners);
  const saved: SavedCatalogue = {
    version: 1,
    generation: before.generation + (changed ? 1 : 0),
    dataDirectory: folder.directory,
    master: await fileSignature(folder.master),
    claims: built.claims.owners,
    sources: draft.sources,
  };
  if (JSON.stringify(saved) !== JSON.stringify(before)) await saveCatalogue(folder.catalogue, saved, scratch.directory);
  const problems = [...scan.problems, ...sourceProblems(draft.sources), ...built.claims.problems];
  return { saved, problems, changed, looked: looked.map((source) => source.folder.source) };
}

/** The sources that need no look, and those whose folder is gone as far as the registry still names their tables. */
function keepUnchanged(
  before: SavedCatalogue,
  scan: Scan,
  registered: ReadonlyMap<string, string>,
): Record<string, SavedSource> {
  const present = new Set(scan.sources.map((source) => source.folder.source));
  const kept: Record<string, SavedSource> = {};
  for (const [name, source] of Object.entries(before.sources)) {
    if (present.has(name)) kept[name] = source;
    else {
      const gone = settleMissing(
        source,
        (table) => registered.get(table) === name,
        `The folder extracts/${name} is not there.`,
      );
      if (gone !== null) kept[name] = gone;
    }
  }
  return kept;
}

interface BuildWay {
  /** Every view is made anew instead of copying the present master. */
  fresh: boolean;
  scratch: string;
  options: OrchestratorOptions;
}

/** Brings the master to what `sources` say. A table whose view cannot be bound goes back to what it was, in place. */
async function buildMaster(
  folder: DataFolder,
  before: SavedCatalogue,
  sources: Record<string, SavedSource>,
  request: RebuildRequest,
  way: BuildWay,
): Promise<{ claims: Claims; swapped: boolean }> {
  const earlier = new Map([...Object.entries(before.claims), ...(request.owned ?? [])]);
  const claim = () => claimNames(sources, request.registered ?? new Map(), earlier);
  const present: Views = way.fresh ? new Map() : viewsOf(before);
  const wanted = () => {
    const own = sourceViews(sources, folder.directory);
    return new Map([...own, ...flatViews(claim().owners, own)]);
  };
  const { drop, create } = viewChanges(present, wanted());
  if (!way.fresh && drop.length === 0 && create.length === 0) return { claims: claim(), swapped: false };

  await using draft = await openDraft(folder, way);
  const isFlat = (key: string) => key.startsWith('main.');
  const part = (views: Views, flat: boolean): Views => new Map([...views].filter(([key]) => isFlat(key) === flat));
  const failed = await draft.apply(viewChanges(part(present, false), part(wanted(), false)), schemasOf(wanted()));
  for (const [view, reason] of failed) withdraw(sources, before, view.source, view.name, reason, way.fresh);
  await draft.apply(viewChanges(part(present, true), part(wanted(), true)), []);
  const schemas = schemasOf(wanted());
  await draft.dropSchemas([...schemasOf(present)].filter((schema) => !schemas.has(schema)));
  await draft.replace(folder.master);
  return { claims: claim(), swapped: true };
}

async function openDraft(folder: DataFolder, { fresh, scratch, options }: BuildWay): Promise<MasterDraft> {
  const limits = databaseLimits(options, scratch);
  return MasterDraft.open(scratch, fresh ? null : folder.master, limits);
}

/** Puts a table back to its last good content, or leaves it without a view, and says why. */
function withdraw(
  sources: Record<string, SavedSource>,
  before: SavedCatalogue,
  source: string,
  table: string,
  reason: string,
  fresh: boolean,
): void {
  const saved = sources[source] as SavedSource;
  const last = before.sources[source]?.tables[table];
  const message = `The files of ${source}.${table} cannot be bound: ${reason}`;
  const now = saved.tables[table] as SavedTable;
  const replacement = last !== undefined && !fresh ? { ...last, stale: message } : { ...now, stale: message, view: false };
  sources[source] = {
    ...saved,
    problems: [...saved.problems, { table, code: 'view_failed', message }],
    tables: { ...saved.tables, [table]: replacement },
  };
}

function sourceProblems(sources: Readonly<Record<string, SavedSource>>): Problem[] {
  return Object.entries(sources).flatMap(([source, { failure, problems }]) => [
    ...(failure === null ? [] : [{ source, table: null, ...failure }]),
    ...problems.map((problem) => ({ source, ...problem })),
  ]);
}

function servedDiffers(
  before: SavedCatalogue,
  sources: Readonly<Record<string, SavedSource>>,
  claims: Readonly<Record<string, string>>,
): boolean {
  const served = (of: Readonly<Record<string, SavedSource>>) =>
    Object.entries(of).map(([name, { tables }]) => [name, tables]);
  return (
    JSON.stringify([served(before.sources), before.claims]) !== JSON.stringify([served(sources), claims])
  );
}

function sorted<Value>(record: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
