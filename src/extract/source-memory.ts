/** A source's memory as a file in the extract's own folder. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceMemory } from '../connectors/connector.ts';
import { extractFolder } from '../contract/extract-folder.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import type { ExtractRequest } from './shapes.ts';

export function sourceMemory({
  dataDirectory,
  source,
}: Pick<ExtractRequest, 'dataDirectory' | 'source'>): SourceMemory {
  const { work } = extractFolder(dataDirectory, source.name);
  const path = join(work, 'source-memory.json');
  return {
    read: async () => {
      const text = await readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code === 'ENOENT') return null;
        throw thrown;
      });
      return text === null ? null : parse(path, text);
    },
    write: async (value) => {
      await mkdir(work, { recursive: true });
      const fresh = `${path}.${randomUUID()}`;
      try {
        await writeFile(fresh, JSON.stringify(value));
        await syncFile(fresh);
        await renameDurably(fresh, path);
      } finally {
        await rm(fresh, { force: true });
      }
    },
  };
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
