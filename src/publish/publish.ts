/** Makes new content of an extract live by one rename. The only writer of `extract.duckdb`, for pulled and pushed data alike. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import { readExtractCatalogue } from '../contract/read.ts';
import type { ExtractCatalogue, ExtractTable, RemoteAttach } from '../contract/shapes.ts';
import { writeExtractDatabase } from '../contract/write.ts';
import type { DatabaseLimits } from '../duckdb/database.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import { crashPoint } from './crash-point.ts';

/** What one publish changes. Tables that are not named keep what they have. */
export interface Publication {
  /** New content by table id; every part is already sealed in `data/`. */
  tables: ReadonlyMap<
    string,
    Omit<ExtractTable, 'record'> & { record: Omit<NonNullable<ExtractTable['record']>, 'generation'> }
  >;
  /** Table ids that leave the extract. */
  removed?: readonly string[];
  /** Replaces the remote attachments when given. */
  remoteAttach?: RemoteAttach[];
}

/**
 * Publishes under the source's lock, which the caller holds. `scratch` is a folder on the same file system. Returns the catalogue that is now live.
 * A kill at any instant leaves either the old or the new catalogue, each with all its parts.
 */
export async function publish(
  folder: ExtractFolder,
  publication: Publication,
  scratch: string,
  limits: DatabaseLimits,
): Promise<ExtractCatalogue> {
  const before = await readExtractCatalogue(folder, limits);
  const after = applyPublication(before, publication);
  await mkdir(folder.data, { recursive: true });
  const draft = join(scratch, 'extract.duckdb');
  await rm(draft, { force: true });
  crashPoint('catalogue.before-write');
  await writeExtractDatabase(draft, folder.directory, after, limits);
  crashPoint('catalogue.after-write');
  await syncFile(draft);
  // A WAL left by a killed foreign writer would be replayed into the new file.
  await rm(`${folder.database}.wal`, { force: true });
  crashPoint('catalogue.before-rename');
  await renameDurably(draft, folder.database);
  crashPoint('catalogue.after-rename');
  return after;
}

/** The catalogue after a publication. Pure. */
function applyPublication(before: ExtractCatalogue, publication: Publication): ExtractCatalogue {
  const generation = before.generation + 1;
  const tables = new Map(before.tables);
  for (const id of publication.removed ?? []) tables.delete(id);
  for (const [id, table] of publication.tables) {
    tables.set(id, { ...table, record: { ...table.record, generation } });
  }
  const sorted = new Map([...tables].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { generation, tables: sorted, remoteAttach: publication.remoteAttach ?? before.remoteAttach };
}
