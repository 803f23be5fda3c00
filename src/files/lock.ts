/** A lock between processes: a file that names its owner, taken over when the owner is gone. */

import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AttacheError } from '../errors/attache-error.ts';
import { isAlive, type ProcessIdentity, thisProcess } from './process-identity.ts';

export interface Lock {
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Takes the lock at `path` or throws `locked`, naming `what` is in use and by which process. */
export async function takeLock(path: string, what: string): Promise<Lock> {
  await mkdir(dirname(path), { recursive: true });
  const mine = `${path}.${process.pid}.${randomUUID()}`;
  try {
    await writeFile(mine, JSON.stringify(thisProcess()));
    for (let attempt = 0; attempt < 10; attempt += 1) {
      if (await linkOnce(mine, path)) return asLock(path);
      await clearDeadLock(path, what);
    }
    throw lockedBy(what, null);
  } finally {
    await rm(mine, { force: true });
  }
}

/** A hard link appears whole or not at all, so nobody ever reads a half-written lock. */
async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  }
}

async function clearDeadLock(path: string, what: string): Promise<void> {
  const owner = await readOwner(path);
  if (owner === 'gone') return;
  if (owner !== null && isAlive(owner)) throw lockedBy(what, owner);
  // Moving it aside lets only one of several waiting processes remove it; whoever moved a new owner's lock by mistake puts it back.
  const aside = `${path}.dead.${randomUUID()}`;
  await rename(path, aside).catch(() => {});
  const moved = await readOwner(aside);
  if (moved !== null && moved !== 'gone' && isAlive(moved)) await linkOnce(aside, path);
  await rm(aside, { force: true });
}

async function readOwner(path: string): Promise<ProcessIdentity | null | 'gone'> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : null;
  }
}

function lockedBy(what: string, owner: ProcessIdentity | null): AttacheError {
  return new AttacheError('locked', {
    message: `${what} is in use by ${owner === null ? 'another process' : `process ${owner.pid}`}.`,
    hint: 'Wait until it has finished, or stop it.',
    retryable: true,
  });
}

function asLock(path: string): Lock {
  const release = () => rm(path, { force: true });
  return { release, [Symbol.asyncDispose]: release };
}
