/** Opens the state of a data folder for a command that works without a server; a running server keeps everybody else out. */
import type { InstanceConfig } from '../config/shapes.ts';
import { lockDataFolder } from '../system/lock-data-folder.ts';
import { SystemState } from '../system/system-state.ts';

/** Throws `server_running` when a server runs on the folder. */
export async function withState<Result>(
  { dataDirectory }: InstanceConfig,
  work: (state: SystemState) => Promise<Result>,
): Promise<Result> {
  await using _lock = await lockDataFolder(dataDirectory);
  const state = await SystemState.open(dataDirectory);
  try {
    return await work(state);
  } finally {
    await state.close();
  }
}
