/** How much a disk can still take. */
import { statfs } from 'node:fs/promises';

/** Bytes free for this user on the disk of `directory`; infinite where the system does not tell. */
export async function freeBytes(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
