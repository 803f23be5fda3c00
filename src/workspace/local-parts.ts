/** Parts on the local disk: where they stand, whether they are whole, and which nobody needs any more. */
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { partPath } from '../contract/extract-folder.ts';
import { identityGrammar } from '../contract/identity.ts';
import { hashFile } from '../files/hash-file.ts';
import type { ManifestPart } from './shapes.ts';
import type { WorkspaceFolder } from './workspace-folder.ts';

export function localPath(folder: WorkspaceFolder, table: string, sha256: string): string {
  return join(folder.directory, partPath(table, sha256));
}

/** Whether the part is here with its size; with `verify`, also with its content. */
export async function holdsPart(
  folder: WorkspaceFolder,
  table: string,
  part: ManifestPart,
  verify: boolean,
): Promise<boolean> {
  const path = localPath(folder, table, part.sha256);
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile() || found.size !== part.size_bytes) return false;
  return !verify || (await hashFile(path)) === part.sha256;
}

const partName = /^([0-9a-f]{64})\.parquet(\.part(\.etag)?)?$/;

/** Removes every part, whole or begun, that `needed` (by table, then hash) does not name. Files that are not ours stay. Returns the bytes freed. */
export async function pruneParts(
  folder: WorkspaceFolder,
  needed: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<number> {
  let freed = 0;
  const entries = await readdir(folder.data, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory() || !identityGrammar.test(entry.name)) continue;
    const directory = join(folder.data, entry.name);
    const keep = needed.get(entry.name);
    for (const name of await readdir(directory)) {
      const sha256 = partName.exec(name)?.[1];
      if (sha256 === undefined || keep?.has(sha256)) continue;
      freed += (await stat(join(directory, name))).size;
      await rm(join(directory, name), { force: true });
    }
    if (keep === undefined) await rmdir(directory).catch(() => {});
  }
  return freed;
}
