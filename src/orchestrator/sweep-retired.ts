/** After a swap: removes parts that neither an extract nor the master names any more, when their grace time is over. */
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExtractFolder, extractFolder } from '../contract/extract-folder.ts';
import { readExtractCatalogue } from '../contract/read.ts';
import type { DatabaseLimits } from '../duckdb/database.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { takeLock } from '../files/lock.ts';
import { sweepScratch } from '../publish/scratch.ts';
import { partFiles, sweepBelow, sweepParts } from '../publish/sweep.ts';
import type { DataFolder } from './data-folder.ts';
import type { SavedCatalogue } from './saved-catalogue.ts';
import { signatureOf } from './scan.ts';

/** Sweeps `sources`; answers with those that must be swept again later. A source that is being extracted is left for then. */
export async function sweepRetired(
  folder: DataFolder,
  saved: SavedCatalogue,
  sources: Iterable<string>,
  rule: { graceMs: number; now: number },
  limits: DatabaseLimits,
): Promise<Set<string>> {
  const later = new Set<string>();
  for (const source of sources) {
    const done =
      (await sweepExtract(folder, saved, source, rule, limits)) && (await sweepAdopted(folder, saved, source, rule));
    if (!done) later.add(source);
  }
  return later;
}

/** Sources with adopted parts on disk, also those whose extract is gone. */
export async function adoptedSources(folder: DataFolder): Promise<string[]> {
  return readdir(folder.adopted).catch(() => []);
}

async function sweepExtract(
  folder: DataFolder,
  saved: SavedCatalogue,
  source: string,
  rule: { graceMs: number; now: number },
  limits: DatabaseLimits,
): Promise<boolean> {
  const known = saved.sources[source];
  if (known === undefined || !known.ours || known.failure !== null) return true;
  const extract = extractFolder(folder.directory, source);
  const named = namedBelow(saved, source, `extracts/${source}/`);
  if (await isClean(extract, named)) return true;
  try {
    await using _lock = await takeLock(join(extract.work, 'lock'), `The source ${source}`);
    // Something newer was published meanwhile: its parts are not in this catalogue yet.
    if ((await signatureOf(extract, true)) !== known.signature) return false;
    await sweepScratch(extract.work);
    // Where a table is not served as its extract offers it, the extract names parts that the master does not.
    const certain = known.problems.length === 0;
    const offered = certain ? { tables: new Map() } : await readExtractCatalogue(extract, limits);
    const outcome = await sweepParts(extract, offered, { ...rule, alsoNamed: named });
    return outcome.waiting === 0;
  } catch (thrown) {
    if (thrown instanceof AttacheError && thrown.code === 'locked') return false;
    throw thrown;
  }
}

/** Whether there is nothing to do, which needs no lock: only the parts that are served, and no trace of a run. */
async function isClean(extract: ExtractFolder, named: ReadonlySet<string>): Promise<boolean> {
  const [parts, work, scratch] = await Promise.all([
    partFiles(extract.directory, 'data'),
    readdir(extract.work).catch(() => []),
    readdir(join(extract.work, 'scratch')).catch(() => []),
  ]);
  const traces = work.some((name) => name.startsWith('lock') || name === 'retired.json');
  return scratch.length === 0 && !traces && parts.every((path) => named.has(path));
}

async function sweepAdopted(
  folder: DataFolder,
  saved: SavedCatalogue,
  source: string,
  rule: { graceMs: number; now: number },
): Promise<boolean> {
  const ledger = join(folder.work, 'adopted', `${source}.json`);
  const inside = `adopted/${source}`;
  const outcome = await sweepBelow(folder.directory, inside, ledger, {
    ...rule,
    alsoNamed: namedBelow(saved, source, ''),
  });
  if (saved.sources[source] === undefined) await rmdir(join(folder.directory, inside)).catch(() => {}); // Not empty yet, or never there.
  return outcome.waiting === 0;
}

/** Paths the master names below `prefix`, relative to it. */
function namedBelow(saved: SavedCatalogue, source: string, prefix: string): Set<string> {
  const tables = Object.values(saved.sources[source]?.tables ?? {});
  const paths = tables.flatMap((table) => table.parts.map((part) => part.path));
  return new Set(paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length)));
}
