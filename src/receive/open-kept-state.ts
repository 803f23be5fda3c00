/** The state as it stands. One that is damaged or outgrown is set aside, and its successor starts from the base copy or from nothing and is told anew by the kept events. */
import { copyFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { ReceivedTable } from '../connectors/receive-way.ts';
import type { DatabaseLimits } from '../duckdb/database.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { renameDurably, syncDirectory } from '../files/durable.ts';
import type { LanePosition } from './inbox/inbox-reader.ts';
import type { Lane, ReceiveFolder } from './receive-folder.ts';
import { OutgrownState } from './state/carried-over.ts';
import { openState, readPositions, type State } from './state/open-state.ts';
import { isDamage } from './state-damage.ts';

export interface KeptState {
  state: State;
  /** How far each lane is applied in it. */
  positions: Record<Lane, LanePosition>;
  /** Its rows are not all there before the kept events are applied; `endBuilding` says that they are. */
  building: boolean;
  /** What was found damaged, as sentences. */
  damage: string[];
}

interface StatePlace {
  folder: ReceiveFolder;
  source: string;
  limits: DatabaseLimits;
}

/** Throws `conflict` for rows that cannot be carried over to the settings of now and cannot be told anew either. */
export async function openKeptState(place: StatePlace, received: readonly ReceivedTable[]): Promise<KeptState> {
  const { state: path, building } = place.folder;
  const present = await isThere(path);
  const fromBase = !present && (await startNew(place.folder));
  try {
    const state = await openState(path, received, place.limits);
    const positions = await readPositions(state.session);
    return { state, positions, building: await isThere(building), damage: [] };
  } catch (thrown) {
    const damage = await setAside(place, thrown as Error, fromBase);
    const successor = await openKeptState(place, received);
    return { ...successor, damage: [...damage, ...successor.damage] };
  }
}

/** Whoever opens the state after a kill has to know that it lacks rows, so that is written down first. Returns whether a base copy was there to start from. */
async function startNew({ state: path, base, building, directory }: ReceiveFolder): Promise<boolean> {
  await rm(`${path}.wal`, { force: true });
  await writeFile(building, '');
  await syncDirectory(directory);
  if (!(await isThere(base))) return false;
  await copyFile(base, `${path}.draft`);
  await renameDurably(`${path}.draft`, path);
  return true;
}

/** Every kept event is applied: what is there now may be published. */
export async function endBuilding({ building }: ReceiveFolder): Promise<void> {
  await rm(building, { force: true });
}

async function setAside(place: StatePlace, thrown: Error, fromBase: boolean): Promise<string[]> {
  const { state: path, base } = place.folder;
  if (thrown instanceof OutgrownState) {
    await refuseWithBase(place, thrown);
    await rename(path, `${path}.outgrown`);
    return [];
  }
  // What passes by itself, as a full disk, must not cost the rows.
  if (!isDamage(thrown)) throw thrown;
  await setDamagedAside(place.folder);
  if (!fromBase) return [`The state cannot be opened and is built anew from the stored events: ${thrown.message}`];
  await rename(base, `${base}.damaged`);
  return [
    `The copy of the state that stands for events older than 30 days cannot be opened: ${thrown.message} What they alone told is missing until a backfill brings it again.`,
  ];
}

/** The next who opens it builds it anew. */
export async function setDamagedAside({ state: path }: ReceiveFolder): Promise<void> {
  await rename(path, `${path}.damaged`);
}

/** Under settings that give rows other names or keys, the events tell them anew, as long as every event is kept. */
async function refuseWithBase({ folder, source }: StatePlace, { message }: OutgrownState): Promise<void> {
  const { base, directory } = folder;
  if (!(await isThere(base))) return;
  throw new AttacheError('conflict', {
    message: `The rows of ${source} cannot be carried over: ${message} Events older than 30 days are gone, so they cannot be told anew.`,
    hint: `Set it back, or give the source another name. To go on with the events that are kept, remove ${directory}/state.duckdb and ${directory}/base.duckdb.`,
  });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
