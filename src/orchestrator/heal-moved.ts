/** After the data folder was moved: a view stores the path it was made with, so our own extracts get their views anew. */
import { join } from 'node:path';
import { extractFolder } from '../contract/extract-folder.ts';
import type { DatabaseLimits } from '../duckdb/database.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { takeLock } from '../files/lock.ts';
import { publish } from '../publish/publish.ts';
import { createScratch } from '../publish/scratch.ts';
import type { SavedCatalogue } from './saved-catalogue.ts';
import { fileSignature } from './signature.ts';

/** Publishes every extract of ours once more with the same content. What cannot be published now heals at its next extraction. */
export async function healMoved(
  dataDirectory: string,
  saved: SavedCatalogue,
  limitsIn: (scratch: string) => DatabaseLimits,
): Promise<void> {
  for (const [source, { ours }] of Object.entries(saved.sources)) {
    const folder = extractFolder(dataDirectory, source);
    if (!ours || (await fileSignature(folder.database)) === null) continue;
    try {
      await using _lock = await takeLock(join(folder.work, 'lock'), `The source ${source}`);
      await using scratch = await createScratch(folder.work);
      await publish(folder, { tables: new Map() }, scratch.directory, limitsIn(scratch.directory));
    } catch (thrown) {
      // The rebuild that follows looks at the extract anyhow and reports what is wrong with it.
      if (!(thrown instanceof AttacheError)) throw thrown;
    }
  }
}
