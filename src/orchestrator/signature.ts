/** Signatures of files by their stat: equal ones mean that nothing was written since. */
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** Of one file; null when it is not there. */
export async function fileSignature(path: string): Promise<string | null> {
  return stat(path, { bigint: true }).then(describe, () => null);
}

function describe(found: BigIntStats): string {
  return `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}

export interface FolderLook {
  /** Over every file below the folder. */
  signature: string;
  /** Links that lead out of the folder, relative to it. */
  escapes: string[];
}

/** Of all files below an extract that somebody else writes; what is ours alone in it is left out. */
export async function folderLook(directory: string): Promise<FolderLook> {
  const root = await realpath(directory);
  const lines: string[] = [];
  const escapes: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const name = relative(root, path);
      if (name === '.da') continue;
      if (entry.isSymbolicLink()) {
        const target = await realpath(path).catch(() => null);
        if (target !== null && target !== root && !target.startsWith(root + sep)) escapes.push(name);
        lines.push(`${name} -> ${target} ${await fileSignature(path)}`);
      } else if (entry.isDirectory()) await visit(path);
      else lines.push(`${name} ${await lstat(path, { bigint: true }).then(describe, () => 'gone')}`);
    }
  };
  await visit(root);
  return { signature: createHash('sha256').update(lines.sort().join('\n')).digest('hex'), escapes: escapes.sort() };
}
