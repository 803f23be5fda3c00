/** One rebuild: scan, look at what changed, settle, build the next master, swap, save. */
import { crashPoint } from '../publish/crash-point.ts';
import { createScratch } from '../publish/scratch.ts';
import { buildMaster } from './build-master.ts';
import type { CarefulLooks } from './careful-looks.ts';
import type { DataFolder } from './data-folder.ts';
import { healMoved } from './heal-moved.ts';
import { databaseLimits } from './limits.ts';
import { lookAtSources } from './look-at-sources.ts';
import { type SavedCatalogue, type SavedSource, saveCatalogue } from './saved-catalogue.ts';
import { type Scan, scanExtracts } from './scan.ts';
import { settleMissing, settleSource } from './settle-source.ts';
import type { OrchestratorOptions, Problem, RebuildRequest } from './shapes.ts';
import { fileSignature } from './signature.ts';
import type { StandingDraft } from './standing-draft.ts';

export interface Rebuilt {
  saved: SavedCatalogue;
  problems: Problem[];
  changed: boolean;
  /** Sources that were looked at anew, and those that are gone. */
  touched: string[];
}

export interface Turn extends RebuildRequest {
  /** What failed is looked at again, changed or not. */
  retryFailures: boolean;
  /** Whether looks at changed extracts of others begin; those that have ended are taken in all the same. */
  beginLooks: boolean;
}

export async function rebuild(
  folder: DataFolder,
  before: SavedCatalogue,
  request: Turn,
  options: OrchestratorOptions,
  { draft, careful }: { draft: StandingDraft; careful: CarefulLooks },
): Promise<Rebuilt> {
  await using scratch = await createScratch(folder.work);
  const moved = before.dataDirectory !== folder.directory;
  const sameMaster = before.master !== null && before.master === (await fileSignature(folder.master));
  const full = request.full === true || moved || before.master === null;
  if (moved) await healMoved(folder.directory, before, (place) => databaseLimits(options, place));
  const scan = await scanExtracts(
    folder.directory,
    before.sources,
    (source) => full || (request.retryFailures && isFailing(source)),
  );
  const present = new Set(scan.sources.map((source) => source.folder.source));
  const ended = careful.take().filter(({ source }) => present.has(source));
  const looked = scan.sources.filter(
    (source) => source.changed && ended.every((look) => look.source !== source.folder.source),
  );
  const fresh = full || !sameMaster;
  // Opening a copy of the master takes as long as looking at a source, and what changed nearly always changes a view.
  if (ended.length + looked.length > 0 && !fresh) draft.ahead(before.master);
  crashPoint('rebuild.before-look');
  const quick = await lookAtSources(looked, databaseLimits(options, scratch.directory));
  if (request.beginLooks) for (const folder of quick.careful) careful.begin(folder);
  const looks = [...quick.looks, ...ended];
  crashPoint('rebuild.after-look');
  const now = new Date((options.now ?? Date.now)()).toISOString();
  const sources = keepUnchanged(before, scan, request.registered ?? new Map());
  for (const { source, look, signature } of looks) {
    sources[source] = settleSource(before.sources[source], look, signature, now);
  }
  const built = await buildMaster(folder, before, sorted(sources), request, { fresh, draft });
  const served = differ(before.sources, built.sources, (source) => source.tables);
  const claims = JSON.stringify(before.claims) !== JSON.stringify(built.claims.owners);
  const changed = built.swapped || served || claims;
  const saved: SavedCatalogue = {
    version: 1,
    generation: before.generation + (changed ? 1 : 0),
    dataDirectory: folder.directory,
    master: await fileSignature(folder.master),
    claims: built.claims.owners,
    sources: built.sources,
  };
  if (changed || saved.master !== before.master || differ(before.sources, built.sources, (source) => source))
    await saveCatalogue(folder.catalogue, saved, scratch.directory);
  const problems = [
    ...scan.problems,
    ...sourceProblems(built.sources),
    ...shadowed(built.sources),
    ...built.claims.problems,
  ];
  const gone = Object.keys(before.sources).filter((source) => saved.sources[source] === undefined);
  return { saved, problems, changed, touched: [...looks.map(({ source }) => source), ...gone] };
}

function isFailing({ failure, tables }: SavedSource): boolean {
  return failure !== null || Object.values(tables).some((table) => table.stale !== null);
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

function sourceProblems(sources: Readonly<Record<string, SavedSource>>): Problem[] {
  return Object.entries(sources).flatMap(([source, { failure, problems }]) => [
    ...(failure === null ? [] : [{ source, table: null, ...failure }]),
    ...problems.map((problem) => ({ source, ...problem })),
  ]);
}

/** DuckDB calls a database after its file, and cannot tell it from a schema of that name. */
function shadowed(sources: Readonly<Record<string, SavedSource>>): Problem[] {
  if (sources.analytics === undefined) return [];
  return [
    {
      source: 'analytics',
      table: null,
      code: 'source_shadowed',
      message: 'The source is called like the master: its tables are reachable as analytics.analytics.<table> only.',
    },
  ];
}

/** Whether anything differs that `view` shows of the sources. Those that were not looked at are the same object. */
function differ(
  before: Readonly<Record<string, SavedSource>>,
  now: Readonly<Record<string, SavedSource>>,
  view: (source: SavedSource) => unknown,
): boolean {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].some((name) => {
    const [a, b] = [before[name], now[name]];
    if (a === b) return false;
    return a === undefined || b === undefined || JSON.stringify(view(a)) !== JSON.stringify(view(b));
  });
}

function sorted<Value>(record: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
