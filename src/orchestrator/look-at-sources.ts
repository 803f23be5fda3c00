/** Looks at every changed extract: ours in this process, all others in a child. */
import { existsSync } from 'node:fs';
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

/** Two at a time: one waits for the disk while the other works. */
const parallel = 2;

export async function lookAtSources(
  scanned: readonly Scanned[],
  options: OrchestratorOptions,
  limits: DatabaseLimits,
): Promise<SourceLook[]> {
  if (scanned.length === 0) return [];
  await using reader = await OursReader.open(limits);
  const waiting = [...scanned];
  const looks: SourceLook[] = [];
  const work = async () => {
    for (;;) {
      const next = waiting.shift();
      if (next === undefined) return;
      looks.push(
        await lookAtOne(next, reader, options).catch((thrown) => ({
          source: next.folder.source,
          look: unexpected(thrown),
          signature: null,
        })),
      );
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return looks;
}

async function lookAtOne(
  { folder, signature, ours }: Scanned,
  reader: OursReader,
  options: OrchestratorOptions,
): Promise<SourceLook> {
  const { source } = folder;
  if (!existsSync(folder.database)) return { source, look: missing(), signature: null };
  if (ours) {
    const look = await reader.read(folder);
    if (look !== null) return { source, look, signature };
  }
  const before = await signatureOf(folder, false);
  const look = await lookAtForeign(folder, options);
  if ((await signatureOf(folder, false)) !== before) return { source, look: changedMeanwhile(), signature: null };
  return { source, look, signature: before };
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
