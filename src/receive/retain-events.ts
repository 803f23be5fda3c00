/** Keeps the inbox small: packs what is applied, and drops what is old once a copy of the state stands in for it. */
import { copyFile, rm } from 'node:fs/promises';
import { Database, type DatabaseLimits } from '../duckdb/database.ts';
import { identifier } from '../duckdb/quote.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import type { LanePosition } from './inbox/inbox-reader.ts';
import { appliedSegments, olderThan, packSegment } from './inbox/retain-segments.ts';
import { type Lane, lanes, type ReceiveFolder } from './receive-folder.ts';
import type { State } from './state/open-state.ts';

const retentionMs = 30 * 86_400_000;
const baseEveryMs = 86_400_000;

export interface Retained {
  folder: ReceiveFolder;
  limits: DatabaseLimits;
  state: State;
  positions: Readonly<Record<Lane, LanePosition>>;
}

/** Drops applied segments of 30 days ago, once a copy of the state stands in for them. `now`: milliseconds since the epoch. */
export async function dropOldEvents({ folder, limits, state, positions }: Retained, now: number): Promise<void> {
  for (const lane of lanes) {
    const old = await olderThan(await appliedSegments(folder.inbox[lane], positions[lane]), now - retentionMs);
    // The copy is as large as the state, so it is made once for a day of segments.
    if ((await olderThan(old, now - retentionMs - baseEveryMs)).length === 0) continue;
    await keepBase(folder, state, limits);
    for (const segment of old) await rm(segment.path, { force: true });
  }
}

/** Packs the oldest applied segment of each lane that is not packed yet. */
export async function packApplied({ folder, positions }: Pick<Retained, 'folder' | 'positions'>): Promise<void> {
  for (const lane of lanes) {
    const applied = await appliedSegments(folder.inbox[lane], positions[lane]);
    const plain = applied.find((segment) => !segment.packed);
    if (plain !== undefined) await packSegment(plain);
  }
}

async function keepBase(folder: ReceiveFolder, state: State, limits: DatabaseLimits): Promise<void> {
  await state.session.run('CHECKPOINT');
  const draft = `${folder.base}.draft`;
  await rm(`${draft}.wal`, { force: true });
  await copyFile(folder.state, draft);
  await syncFile(draft);
  await readWhole(draft, limits);
  await renameDurably(draft, folder.base);
}

/** Every block has a checksum, so a copy that can be read is sound: what it stands for is gone once it is in place. */
async function readWhole(path: string, limits: DatabaseLimits): Promise<void> {
  await using database = await Database.open(path, limits, { readOnly: true });
  using session = await database.connect();
  const tables = await session.rows<{ name: string }>(`SELECT table_name AS name FROM duckdb_tables()`);
  for (const { name } of tables) await session.run(`SELECT max(hash(t)) FROM ${identifier(name)} t`);
}
