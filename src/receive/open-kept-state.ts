/** The state as it stands. One that is damaged or outgrown is set aside, and its successor starts from the base copy or from nothing and is told anew by the kept events. */
import { copyFile, rename, rm, stat } from 'node:fs/promises';
import type { ReceivedTable } from '../connectors/receive-way.ts';
import type { DatabaseLimits } from '../duckdb/database.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { renameDurably } from '../files/durable.ts';
import type { LanePosition } from './inbox/inbox-reader.ts';
import type { Lane, ReceiveFolder } from './receive-folder.ts';
import { OutgrownState } from './state/carried-over.ts';
import { openState, readPositions, type State } from './state/open-state.ts';

export interface KeptState {
  state: State;
  /** How far each lane is applied in it. */
  positions: Record<Lane, LanePosition>;
  /** Its rows are not all there before the kept events are applied. */
  rebuilding: boolean;
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
  const { state: path, base } = place.folder;
  const present = await isThere(path);
  const fromBase = !present && (await isThere(base));
  if (fromBase) {
    await copyFile(base, `${path}.draft`);
    await renameDurably(`${path}.draft`, path);
  }
  try {
    const { state, isNew } = await openState(path, received, place.limits);
    return { state, positions: await readPositions(state.session), rebuilding: isNew || fromBase, damage: [] };
  } catch (thrown) {
    if (!present && !(thrown instanceof OutgrownState)) throw thrown;
    const damage = await setAside(place, thrown as Error);
    const successor = await openKeptState(place, received);
    return { ...successor, damage: [...damage, ...successor.damage] };
  }
}

async function setAside(place: StatePlace, thrown: Error): Promise<string[]> {
  const { state: path } = place.folder;
  const outgrown = thrown instanceof OutgrownState;
  if (outgrown) await refuseWithBase(place, thrown);
  await rename(path, `${path}.${outgrown ? 'outgrown' : 'damaged'}`);
  await rm(`${path}.wal`, { force: true });
  if (outgrown) return [];
  return [`The state cannot be opened and is built anew from the stored events: ${thrown.message}`];
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
