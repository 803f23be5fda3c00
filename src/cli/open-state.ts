/** Opens the state of a data folder for a command that works without a server; a running server keeps everybody else out. */
import { existsSync } from 'node:fs';
import type { InstanceConfig } from '../config/shapes.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { lockDataFolder } from '../system/lock-data-folder.ts';
import { SystemState } from '../system/system-state.ts';

/** Throws `not_found` for a folder that is not there, and `server_running` when a server runs on it. */
export async function withState<Result>(
  { dataDirectory }: InstanceConfig,
  work: (state: SystemState) => Promise<Result>,
): Promise<Result> {
  if (!existsSync(dataDirectory)) {
    throw new AttacheError('not_found', {
      message: `There is no data folder at ${dataDirectory}.`,
      hint: 'Name it with --data-dir or DA_DATA_DIR, or make one with `da serve`.',
    });
  }
  await using _lock = await lockDataFolder(dataDirectory);
  const state = await SystemState.open(dataDirectory);
  try {
    return await work(state);
  } finally {
    await state.close();
  }
}
