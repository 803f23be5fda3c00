/** Where things stand in a workspace, and which folders count as one. */
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { databasePathFault } from '../contract/database-path.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { asFolderError } from './file-errors.ts';
import { writeJson } from './json-file.ts';

/** The paths of one workspace; all absolute. */
export interface WorkspaceFolder {
  directory: string;
  /** The local DuckDB: our views, and whatever the analyst makes. */
  database: string;
  /** Verified parts, `data/{table}/{sha256}.parquet`. */
  data: string;
  /** Ours alone: marker, state, lock, spill. */
  work: string;
  marker: string;
  state: string;
  manifest: string;
  lock: string;
  temp: string;
}

export function workspaceAt(path: string): WorkspaceFolder {
  const directory = resolve(path);
  const work = join(directory, '.da');
  return {
    directory,
    database: join(directory, 'analytics.duckdb'),
    data: join(directory, 'data'),
    work,
    marker: join(work, 'workspace.json'),
    state: join(work, 'state.json'),
    manifest: join(work, 'manifest.json'),
    lock: join(work, 'lock'),
    temp: join(work, 'tmp'),
  };
}

/** What the marker says; the server is the one named at `init`, if any. */
export interface WorkspaceMarker {
  version: 1;
  server: string | null;
}

/** The marker, or null where there is no workspace. An extract's folder also has a `.da`; only the marker counts. */
export async function readMarker(folder: WorkspaceFolder): Promise<WorkspaceMarker | null> {
  try {
    return JSON.parse(await readFile(folder.marker, 'utf8')) as WorkspaceMarker;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return { version: 1, server: null };
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw asFolderError(thrown, folder.directory);
  }
}

/** The workspace that `start` lies in, nearest first, or null. */
export async function findWorkspace(start: string): Promise<WorkspaceFolder | null> {
  for (let directory = resolve(start); ; directory = dirname(directory)) {
    const folder = workspaceAt(directory);
    if ((await readMarker(folder)) !== null) return folder;
    if (dirname(directory) === directory) return null;
  }
}

/** Makes the folder a workspace; one that already is stays as it is, but for a server given now. */
export async function createWorkspace(folder: WorkspaceFolder, server: string | null): Promise<void> {
  const unusable = databasePathFault(folder.directory);
  if (unusable !== null) throw new AttacheError('usage', { message: `No workspace can be here: ${unusable}.` });
  const marker = await readMarker(folder);
  if (marker !== null && (server === null || marker.server === server)) return;
  try {
    await mkdir(folder.work, { recursive: true });
    await writeJson(folder.marker, { version: 1, server: server ?? marker?.server ?? null } satisfies WorkspaceMarker);
  } catch (thrown) {
    throw asFolderError(thrown, folder.directory);
  }
}

/** A workspace to sync into: an existing one, or a missing or empty folder that becomes one. Anything else might be somebody's files. */
export async function ensureWorkspace(folder: WorkspaceFolder): Promise<void> {
  if ((await readMarker(folder)) !== null) return;
  if (!(await isEmptyOrMissing(folder.directory))) {
    throw new AttacheError('usage', {
      message: `${folder.directory} is not a workspace, and it is not empty.`,
      hint: `Run \`da init --workspace ${folder.directory}\` to make it one, or name another folder with --workspace.`,
    });
  }
  await createWorkspace(folder, null);
}

/** A workspace to read from. */
export async function requireWorkspace(folder: WorkspaceFolder): Promise<void> {
  if ((await readMarker(folder)) !== null) return;
  throw new AttacheError('not_found', {
    message: `${folder.directory} is not a workspace.`,
    hint: 'Name it with --workspace DIR, or make one with `da sync --workspace DIR`.',
  });
}

async function isEmptyOrMissing(directory: string): Promise<boolean> {
  try {
    if (!(await stat(directory)).isDirectory()) return false;
    // A first sync that was killed leaves an empty `.da` at most.
    return (await readdir(directory)).every((name) => name === '.da');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw asFolderError(thrown, directory);
  }
}
