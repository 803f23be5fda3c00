/** Removes parts that no generation names any more, after a grace time for those who may still read them. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import type { ExtractCatalogue } from '../contract/shapes.ts';
import { renameDurably } from '../files/durable.ts';

export interface SweepOutcome {
  removed: number;
  /** Parts that nobody names and whose grace time still runs. */
  waiting: number;
}

/**
 * Sweeps `data/` of one extract under the source's lock. A part's grace time starts when a sweep first finds it unnamed, so a part is never younger than
 * it looks; the ledger in the work folder holds these instants. `alsoNamed` are paths that something else still serves, such as the present master.
 */
export async function sweepParts(
  folder: ExtractFolder,
  catalogue: ExtractCatalogue,
  options: { graceMs: number; now: number; alsoNamed?: ReadonlySet<string> },
): Promise<SweepOutcome> {
  const named = new Set(options.alsoNamed);
  for (const table of catalogue.tables.values()) for (const part of table.parts) named.add(part.path);
  const ledger = await readLedger(folder);
  const next: Record<string, number> = {};
  const outcome: SweepOutcome = { removed: 0, waiting: 0 };
  for (const path of await partFiles(folder)) {
    if (named.has(path)) continue;
    const since = Math.min(ledger[path] ?? options.now, options.now);
    if (options.now - since >= options.graceMs && ledger[path] !== undefined) {
      await rm(join(folder.directory, path), { force: true });
      outcome.removed += 1;
    } else {
      next[path] = since;
      outcome.waiting += 1;
    }
  }
  if (JSON.stringify(next) !== JSON.stringify(ledger)) await writeLedger(folder, next);
  return outcome;
}

async function partFiles(folder: ExtractFolder): Promise<string[]> {
  const entries = await readdir(folder.data, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}\.parquet$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.directory.length + 1))
    .sort();
}

function ledgerPath(folder: ExtractFolder): string {
  return join(folder.work, 'retired.json');
}

async function readLedger(folder: ExtractFolder): Promise<Record<string, number>> {
  // A lost or damaged ledger only restarts the grace time.
  return readFile(ledgerPath(folder), 'utf8')
    .then(
      (text) => JSON.parse(text) as Record<string, number>,
      () => ({}),
    )
    .catch(() => ({}));
}

async function writeLedger(folder: ExtractFolder, ledger: Record<string, number>): Promise<void> {
  await mkdir(folder.work, { recursive: true });
  const draft = `${ledgerPath(folder)}.${process.pid}`;
  await writeFile(draft, JSON.stringify(ledger));
  await renameDurably(draft, ledgerPath(folder));
}
