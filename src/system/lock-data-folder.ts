/** One server for each data folder: whoever works on its state or master holds this lock. */
import { join } from 'node:path';
import { AttacheError, toAttacheError } from '../errors/attache-error.ts';
import { type Lock, takeLock } from '../files/lock.ts';

/** Takes the data folder's lock or throws `server_running`. */
export async function lockDataFolder(dataDirectory: string): Promise<Lock> {
  try {
    return await takeLock(join(dataDirectory, '.da', 'server.lock'), `The data folder ${dataDirectory}`);
  } catch (thrown) {
    const error = toAttacheError(thrown);
    if (error.code !== 'locked') throw thrown;
    throw new AttacheError('server_running', {
      message: error.message,
      hint: 'Stop the server that runs on this folder, or ask it over HTTP: da admin …',
      cause: thrown,
    });
  }
}
