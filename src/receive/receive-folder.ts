/** Where things of a pushed source stand, all below its extract's private folder. */
import { join } from 'node:path';
import type { ExtractFolder } from '../contract/extract-folder.ts';

export type Lane = 'pushed' | 'polled';

export const lanes: readonly Lane[] = ['pushed', 'polled'];

export interface ReceiveFolder {
  directory: string;
  /** Segments of stored events: one lane for each process that writes. */
  inbox: Record<Lane, string>;
  /** The rows as of the last applied event. */
  state: string;
  /** An empty file that is there while the state lacks rows the kept events have still to tell. */
  building: string;
  /** A copy of the state, and of where it stood, from which a replay starts. */
  base: string;
  quarantine: string;
  /** What polling remembers between its calls. */
  memory: string;
  /** Held by the one process that applies. */
  lock: string;
}

export function receiveFolder(extract: ExtractFolder): ReceiveFolder {
  const directory = join(extract.work, 'receive');
  return {
    directory,
    inbox: { pushed: join(directory, 'inbox-pushed'), polled: join(directory, 'inbox-polled') },
    state: join(directory, 'state.duckdb'),
    building: join(directory, 'state.building'),
    base: join(directory, 'base.duckdb'),
    quarantine: join(directory, 'quarantine'),
    memory: join(directory, 'poll-memory.json'),
    lock: join(directory, 'applier.lock'),
  };
}
