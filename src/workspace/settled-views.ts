/** Tells without opening the local database that its views are as the last sync left them. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { HeldTable } from './shapes.ts';
import type { WorkspaceFolder } from './workspace-folder.ts';

/** Where the views stand, for which content, in which state of the file; null when that cannot be told. */
export async function viewsSignature(folder: WorkspaceFolder, tables: Iterable<HeldTable>): Promise<string | null> {
  // A log beside the file holds changes that the file's own facts do not show.
  if (existsSync(`${folder.database}.wal`)) return null;
  const file = await stat(folder.database, { bigint: true }).catch(() => null);
  if (file === null) return null;
  const hash = createHash('sha256').update(`${folder.directory}\n${file.ino} ${file.size} ${file.mtimeNs}\n`);
  for (const { id, parts } of tables) hash.update(`${id} ${parts.map((part) => part.sha256).join(' ')}\n`);
  return hash.digest('hex');
}
