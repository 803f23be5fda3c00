/** Tokens of `da login`, one for each server, in a file that only its owner can read. */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import { AttacheError } from '../errors/attache-error.ts';

export interface Credentials {
  /** The server of the last login. */
  current: string | null;
  /** Token by server address. */
  tokens: Record<string, string>;
}

/** `$XDG_CONFIG_HOME/data-attache/credentials.json`, or the platform's own place. */
function credentialsPath(environment: Environment): string {
  return join(configHome(environment), 'data-attache', 'credentials.json');
}

function configHome(environment: Environment): string {
  if (environment.XDG_CONFIG_HOME) return environment.XDG_CONFIG_HOME;
  if (process.platform === 'win32' && environment.APPDATA) return environment.APPDATA;
  const home = environment.HOME || homedir();
  return process.platform === 'darwin' ? join(home, 'Library', 'Application Support') : join(home, '.config');
}

export async function readCredentials(environment: Environment): Promise<Credentials> {
  const path = credentialsPath(environment);
  try {
    const stored = JSON.parse(await readFile(path, 'utf8')) as Partial<Credentials>;
    return { current: stored.current ?? null, tokens: stored.tokens ?? {} };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return { current: null, tokens: {} };
    throw new AttacheError('config_invalid', {
      message: `${path} cannot be read: ${(thrown as Error).message}.`,
      hint: 'Remove it and sign in again with `da login`.',
      cause: thrown,
    });
  }
}

export async function writeCredentials(environment: Environment, credentials: Credentials): Promise<string> {
  const path = credentialsPath(environment);
  const draft = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
  return path;
}
