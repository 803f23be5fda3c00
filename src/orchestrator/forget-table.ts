/** Takes a table out of an extract of ours for good, when nobody wants it any more. */
import { join } from 'node:path';
import { type ExtractFolder, extractFolder } from '../contract/extract-folder.ts';
import { readExtractCatalogue } from '../contract/read.ts';
import { takeLock } from '../files/lock.ts';
import { publish } from '../publish/publish.ts';
import { createScratch } from '../publish/scratch.ts';
import { databaseLimits } from './limits.ts';
import type { OrchestratorOptions } from './shapes.ts';

/**
 * Publishes the extract without `table`. False when there is nothing of ours to take out: an extract that somebody else writes is theirs to change.
 * Throws `locked` while the source is being extracted.
 */
export async function forgetTable(options: OrchestratorOptions, source: string, table: string): Promise<boolean> {
  const folder: ExtractFolder = extractFolder(options.dataDirectory, source);
  await using _lock = await takeLock(join(folder.work, 'lock'), `The source ${source}`);
  await using scratch = await createScratch(folder.work);
  const limits = databaseLimits(options, scratch.directory);
  const catalogue = await readExtractCatalogue(folder, limits);
  if (catalogue.generation === 0 || !catalogue.tables.has(table)) return false;
  await publish(folder, { tables: new Map(), removed: [table] }, scratch.directory, limits);
  return true;
}
