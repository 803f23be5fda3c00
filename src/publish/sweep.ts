/** Removes parts that no generation names any more, after a grace time for those who may still read them. */
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import type { ExtractCatalogue } from '../contract/shapes.ts';
import { renameDurably } from '../files/durable.ts';
import { crashPoint } from './crash-point.ts';

export interface SweepOutcome {
  removed: number;
  /** Parts that nobody names and whose grace time still runs. */
  waiting: number;
}

/** What a sweep must leave alone, and since when. */
export interface SweepRule {
  graceMs: number;
  now: number;
  /** Paths, relative to the swept folder, that something else still serves, such as the present master. */
  alsoNamed?: ReadonlySet<string>;
}

/** Sweeps `data/` of one extract, under the source's lock, which the caller holds. */
export async function sweepParts(
  folder: ExtractFolder,
  catalogue: Pick<ExtractCatalogue, 'tables'>,
  rule: SweepRule,
): Promise<SweepOutcome> {
  const named = new Set(rule.alsoNamed);
  for (const table of catalogue.tables.values()) for (const part of table.parts) named.add(part.path);
  return sweepBelow(folder.directory, 'data', join(folder.work, 'retired.json'), { ...rule, alsoNamed: named });
}

/**
 * Sweeps the content-named files below `directory`/`inside`. A part's grace time starts when a sweep first finds it unnamed, so a part is never younger than
 * it looks; the ledger holds these instants.
 */
export async function sweepBelow(
  directory: string,
  inside: string,
  ledgerPath: string,
  { graceMs, now, alsoNamed }: SweepRule,
): Promise<SweepOutcome> {
  const ledger = await readLedger(ledgerPath);
  const next: Record<string, number> = {};
  const outcome: SweepOutcome = { removed: 0, waiting: 0 };
  for (const path of await partFiles(directory, inside)) {
    if (alsoNamed?.has(path)) continue;
    const since = Math.min(ledger[path] ?? now, now);
    if (now - since >= graceMs && ledger[path] !== undefined) {
      crashPoint('sweep.before-remove');
      await rm(join(directory, path), { force: true });
      crashPoint('sweep.after-remove');
      await rmdir(dirname(join(directory, path))).catch(() => {}); // Holds other parts still.
      outcome.removed += 1;
    } else {
      next[path] = since;
      outcome.waiting += 1;
    }
  }
  if (Object.keys(next).length === 0) await rm(ledgerPath, { force: true });
  else if (JSON.stringify(next) !== JSON.stringify(ledger)) await writeLedger(ledgerPath, next);
  return outcome;
}

/** The content-named files below `directory`/`inside`, relative to `directory`. */
export async function partFiles(directory: string, inside: string): Promise<string[]> {
  const entries = await readdir(join(directory, inside), { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}\.parquet$/.test(entry.name))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort();
}

async function readLedger(path: string): Promise<Record<string, number>> {
  // A lost or damaged ledger only restarts the grace time.
  return readFile(path, 'utf8')
    .then(
      (text) => JSON.parse(text) as Record<string, number>,
      () => ({}),
    )
    .catch(() => ({}));
}

async function writeLedger(path: string, ledger: Record<string, number>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.draft`;
  await writeFile(draft, JSON.stringify(ledger));
  await renameDurably(draft, path);
}
