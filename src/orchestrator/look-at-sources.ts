/** Looks at every changed extract: ours in this process, all others in a child. */
import { existsSync } from 'node:fs';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import type { DatabaseLimits } from '../duckdb/database.ts';
import type { Look } from './look.ts';
import { lookAtForeign } from './look-at-foreign.ts';
import { OursReader } from './read-ours.ts';
import { type Scanned, signatureOf } from './scan.ts';
import type { OrchestratorOptions } from './shapes.ts';

export interface SourceLook {
  source: string;
  look: Look;
  signature: string | null;
}

/** Extracts of ours that are read in one go. */
const together = 10;
/** Two at a time: one waits for the disk while the other works. */
const parallel = 2;

export async function lookAtSources(
  scanned: readonly Scanned[],
  options: OrchestratorOptions,
  limits: DatabaseLimits,
): Promise<SourceLook[]> {
  const present = scanned.filter(({ folder }) => existsSync(folder.database));
  const absent = scanned.filter((source) => !present.includes(source));
  const looks = absent.map(({ folder }): SourceLook => ({ source: folder.source, look: missing(), signature: null }));
  const careful = present.filter((source) => !source.ours);
  const ours = present.filter((source) => source.ours);
  if (ours.length > 0) {
    await using reader = await OursReader.open(limits);
    await inParallel(batches(ours), async (batch) => {
      const read = await reader.read(batch.map(({ folder }) => folder));
      for (const [at, source] of batch.entries()) {
        const look = read[at] ?? null;
        if (look === null) careful.push(source);
        else looks.push({ source: source.folder.source, look, signature: source.signature });
      }
    });
  }
  await inParallel(careful, async ({ folder }) => {
    looks.push(
      await lookCarefully(folder, options).catch((thrown) => ({
        source: folder.source,
        look: unexpected(thrown),
        signature: null,
      })),
    );
  });
  // What was not looked at to the end is no failure of its source.
  options.signal?.throwIfAborted();
  return looks;
}

async function lookCarefully(folder: ExtractFolder, options: OrchestratorOptions): Promise<SourceLook> {
  const { source } = folder;
  const before = await signatureOf(folder, false);
  const look = await lookAtForeign(folder, options);
  if ((await signatureOf(folder, false)) !== before) return { source, look: changedMeanwhile(), signature: null };
  return { source, look, signature: before };
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (;;) {
      const next = waiting.shift();
      if (next === undefined) return;
      await work(next);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

function batches<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / together) }, (_, at) =>
    items.slice(at * together, (at + 1) * together),
  );
}

function missing(): Look {
  return {
    kind: 'unreadable',
    failure: { code: 'extract_missing', message: 'There is no extract.duckdb in the folder.' },
    again: false,
  };
}

/** Whatever else happens to one source, the others go on. */
function unexpected(thrown: unknown): Look {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: 'unreadable', failure: { code: 'extract_unreadable', message }, again: true };
}

function changedMeanwhile(): Look {
  return {
    kind: 'unreadable',
    failure: {
      code: 'changed_while_read',
      message: 'The extract was written to while it was read; the next rebuild reads it again.',
    },
    again: true,
  };
}
