/** A source's memory as a file in the extract's own folder. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceMemory } from '../connectors/source-context.ts';
import { extractFolder } from '../contract/extract-folder.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import { type Lock, takeLock } from '../files/lock.ts';
import type { ExtractRequest } from './shapes.ts';

/** Where a source's memory lies in the work folder of its extract. */
export const memoryFile = 'source-memory.json';

export function sourceMemory({
  dataDirectory,
  source,
}: Pick<ExtractRequest, 'dataDirectory' | 'source'>): SourceMemory {
  const { work } = extractFolder(dataDirectory, source.name);
  const path = join(work, memoryFile);
  const read = async () => {
    const text = await readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return null;
      throw thrown;
    });
    return text === null ? null : parse(path, text);
  };
  return {
    read,
    change: async (next) => {
      await mkdir(work, { recursive: true });
      // A registration measures columns while a run reads: the two are two processes.
      await using _lock = await waitForLock(`${path}.lock`, source.name);
      await replace(path, JSON.stringify(next(await read())));
    },
  };
}

async function replace(path: string, text: string): Promise<void> {
  const fresh = `${path}.${randomUUID()}`;
  try {
    await writeFile(fresh, text);
    await syncFile(fresh);
    await renameDurably(fresh, path);
  } finally {
    await rm(fresh, { force: true });
  }
}

const patienceMs = 10_000;
const pauseMs = 10;

/** Whoever holds it writes one small file and lets go. */
async function waitForLock(path: string, source: string): Promise<Lock> {
  const end = Date.now() + patienceMs;
  for (;;) {
    try {
      return await takeLock(path, `The memory of ${source}`);
    } catch (thrown) {
      if (!(thrown instanceof AttacheError && thrown.code === 'locked') || Date.now() > end) throw thrown;
      await sleep(pauseMs);
    }
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AttacheError('integrity', {
      message: `${path} is not JSON.`,
      hint: 'Delete it if nothing of the source is running; what was spent today is then forgotten.',
      cause,
    });
  }
}
