/** Makes files and renames survive a power cut. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Flushes a file's content to the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes a folder's entries to the disk: without it a rename can be forgotten. Windows has no such call and needs none. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await syncFile(path);
}

/** Renames within one file system and flushes the target's folder. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}
