/** Looks at every changed extract: ours in this process and at once; those of others are left to careful looks. */
import { existsSync } from 'node:fs';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import type { DatabaseLimits } from '../duckdb/database.ts';
import type { SourceLook } from './careful-looks.ts';
import type { Look } from './look.ts';
import { OursReader } from './read-ours.ts';
import type { Scanned } from './scan.ts';

/** Extracts of ours that are read in one go. */
const together = 10;
/** Two at a time: one waits for the disk while the other works. */
const parallel = 2;

/** `careful` are the extracts that must not be read here. */
export async function lookAtSources(
  scanned: readonly Scanned[],
  limits: DatabaseLimits,
): Promise<{ looks: SourceLook[]; careful: ExtractFolder[] }> {
  const present = scanned.filter(({ folder }) => existsSync(folder.database));
  const absent = scanned.filter((source) => !present.includes(source));
  const looks = absent.map(({ folder }): SourceLook => ({ source: folder.source, look: missing(), signature: null }));
  const careful = present.filter((source) => !source.ours).map(({ folder }) => folder);
  const ours = present.filter((source) => source.ours);
  if (ours.length > 0) {
    await using reader = await OursReader.open(limits);
    await inParallel(batches(ours), async (batch) => {
      const read = await reader.read(batch.map(({ folder }) => folder));
      for (const [at, { folder, signature }] of batch.entries()) {
        const look = read[at] ?? null;
        if (look === null) careful.push(folder);
        else looks.push({ source: folder.source, look, signature });
      }
    });
  }
  return { looks, careful };
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
