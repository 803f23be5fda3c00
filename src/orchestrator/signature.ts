/** Signatures of files by their stat: equal ones mean that nothing was written since. */
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Of one file; null when it is not there. */
export async function fileSignature(path: string): Promise<string | null> {
  return stat(path, { bigint: true }).then(describe, () => null);
}

function describe(found: BigIntStats): string {
  return `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}

/** Of all files below an extract that somebody else writes; what is ours alone in it is left out. */
export async function folderSignature(directory: string): Promise<string> {
  const root = await realpath(directory).catch(() => directory);
  const lines: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    // A folder that cannot be listed counts as empty; reading the extract says what is wrong.
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name);
      const name = relative(root, path);
      if (name === '.da') continue;
      if (entry.isSymbolicLink()) {
        const target = await realpath(path).catch(() => null);
        lines.push(`${name} -> ${target} ${await fileSignature(path)}`);
      } else if (entry.isDirectory()) await visit(path);
      else lines.push(`${name} ${await lstat(path, { bigint: true }).then(describe, () => 'gone')}`);
    }
  };
  await visit(root);
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}
