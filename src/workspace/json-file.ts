/** Small JSON files that are replaced whole, never half written. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { renameDurably, syncFile } from '../files/durable.ts';

export async function writeJson(path: string, value: unknown): Promise<void> {
  const draft = `${path}.${process.pid}`;
  try {
    await writeFile(draft, `${JSON.stringify(value)}\n`);
    await syncFile(draft);
    await renameDurably(draft, path);
  } catch (thrown) {
    await rm(draft, { force: true });
    throw thrown;
  }
}

/** The file's value, or null when it is missing or damaged: everything kept here can be made again by a sync. */
export async function readJson<Value>(path: string): Promise<Value | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Value;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || (thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}
