/** Brings frames into the state; an event whose values DuckDB refuses is set aside, because it would keep all later ones from their tables. */
import type { ReadAhead } from './inbox/inbox-reader.ts';
import { type Interpreter, interpretFrames, setFrameAside } from './interpret-frames.ts';
import type { Lane } from './receive-folder.ts';
import { isRefusedValue } from './refused-value.ts';
import { applyChanges } from './state/apply-changes.ts';
import type { State } from './state/open-state.ts';

export interface FrameBatch extends Pick<ReadAhead, 'frames' | 'position'> {
  lane: Lane;
  /** Rows of many months at once. */
  bulk: boolean;
}

/** False when one of several events is refused: nothing of them is applied, and fewer at a time may be. */
export async function applyFrames(
  state: State,
  interpreter: Interpreter,
  { frames, position, lane, bulk }: FrameBatch,
  scratch: string,
): Promise<boolean> {
  const changes = await interpretFrames(interpreter, frames, lane);
  try {
    await applyChanges(state, { changes, lane, position, bulk }, scratch);
  } catch (thrown) {
    if (!isRefusedValue(thrown) || frames[0] === undefined) throw thrown;
    if (frames.length > 1) return false;
    const aside = await setFrameAside(interpreter, frames[0], lane, (thrown as Error).message);
    await applyChanges(state, { changes: aside, lane, position, bulk }, scratch);
  }
  return true;
}
