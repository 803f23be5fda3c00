/** The scratch folder of one run: on the data disk, owned by a process, swept when that process is gone. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity, thisProcess } from '../files/process-identity.ts';

const ownerFile = 'owner.json';

export interface Scratch {
  /** Absolute path of a folder that nobody else writes to. */
  directory: string;
  remove(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Creates a scratch folder below `work`. */
export async function createScratch(work: string): Promise<Scratch> {
  const directory = join(work, 'scratch', `${process.pid}-${randomUUID()}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, ownerFile), JSON.stringify(thisProcess()));
  const remove = () => rm(directory, { recursive: true, force: true, maxRetries: 3 });
  return { directory, remove, [Symbol.asyncDispose]: remove };
}

/** Removes the scratch folders below `work` whose process is gone. Returns how many. */
export async function sweepScratch(work: string): Promise<number> {
  const parent = join(work, 'scratch');
  const names = await readdir(parent).catch(() => [] as string[]);
  let swept = 0;
  for (const name of names) {
    const directory = join(parent, name);
    const owner = await readFile(join(directory, ownerFile), 'utf8')
      .then(
        (text) => JSON.parse(text) as ProcessIdentity,
        () => ({ pid: Number(name.split('-')[0]) || -1, started: '' }),
      )
      .catch(() => ({ pid: -1, started: '' }));
    if (owner.pid > 0 && isAlive(owner)) continue;
    await rm(directory, { recursive: true, force: true });
    swept += 1;
  }
  return swept;
}
