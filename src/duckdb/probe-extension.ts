/** Says before LOAD whether an extension can be had, and if not, why: DuckDB's own errors send people to a network that may not be there. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DriverIdentity, driverIdentity } from './driver-identity.ts';
import { type ExtensionFooter, footerBytes, readFooter } from './extension-footer.ts';
import { builtinExtensions, extensionFileName } from './extension-names.ts';

export type ExtensionStatus =
  | 'builtin'
  | 'available'
  | 'missing'
  | 'wrong_version'
  | 'wrong_platform'
  | 'unsigned'
  | 'corrupt';

export interface ExtensionProbe {
  /** The file's name without its ending, e.g. `postgres_scanner`. */
  name: string;
  status: ExtensionStatus;
  /** The file that was judged; null when there is none. */
  path: string | null;
  /** What its footer says, where it has one. */
  builtFor: DriverIdentity | null;
  /** What this DuckDB needs. */
  needs: DriverIdentity;
  /** The paths where the file was looked for. */
  lookedIn: string[];
}

/** Looks in each directory where DuckDB would, then for what stands beside that, so as to say what is wrong with it. */
export async function probeExtension(name: string, directories: readonly string[]): Promise<ExtensionProbe> {
  const needs = await driverIdentity();
  const file = extensionFileName(name);
  if (builtinExtensions.includes(file))
    return { name: file, status: 'builtin', path: null, builtFor: needs, needs, lookedIn: [] };
  const lookedIn = directories.map((directory) => extensionPath(directory, file, needs));
  const found: ExtensionProbe[] = [];
  for (const path of lookedIn) found.push(await judge(file, path, needs, lookedIn));
  for (const directory of directories)
    for (const path of await elsewhere(directory, file)) {
      if (lookedIn.includes(path)) continue;
      const other = await judge(file, path, needs, lookedIn);
      // A file that fits but lies where DuckDB does not look is missing all the same.
      found.push(other.status === 'available' || other.status === 'unsigned' ? { ...other, status: 'missing' } : other);
    }
  return (
    found.find((each) => each.status === 'available') ??
    found.find((each) => each.path !== null) ?? {
      name: file,
      status: 'missing',
      path: null,
      builtFor: null,
      needs,
      lookedIn,
    }
  );
}

/** Where DuckDB looks for an extension below one of `extension_directories`. */
export function extensionPath(directory: string, file: string, { version, platform }: DriverIdentity): string {
  return join(directory, version, platform, `${file}.duckdb_extension`);
}

/** Whether a file with this footer can be loaded, as far as its footer tells. */
export function judgeFooter(footer: ExtensionFooter | null, needs: DriverIdentity): ExtensionStatus {
  if (footer === null) return 'corrupt';
  if (footer.platform !== needs.platform) return 'wrong_platform';
  if (footer.version !== needs.version && footer.abi !== 'C_STRUCT') return 'wrong_version';
  return footer.signed ? 'available' : 'unsigned';
}

/** One or two sentences for people: what is wanted, what was found, what to do. */
export function explainProbe({ name, status, path, builtFor, needs, lookedIn }: ExtensionProbe): string {
  const wanted = `DuckDB ${needs.version} on ${needs.platform}`;
  const found = builtFor === null ? '' : `${builtFor.version} on ${builtFor.platform}`;
  switch (status) {
    case 'builtin':
      return `${name} is built in.`;
    case 'available':
      return `${name} for ${wanted} is at ${path}.`;
    case 'missing':
      if (path !== null) return `${path} fits ${wanted}, but DuckDB looks for ${lookedIn.join(' and ')}.`;
      return lookedIn.length === 0
        ? `${name} is looked for nowhere: duckdb.extension_directories is empty.`
        : `${name} for ${wanted} is missing; looked for ${lookedIn.join(' and ')}.`;
    case 'wrong_version':
    case 'wrong_platform':
      return `${path} was built for DuckDB ${found}; this is ${wanted}.`;
    case 'unsigned':
      return `${path} has no signature, and unsigned extensions are not loaded.`;
    case 'corrupt':
      return `${path} is not a DuckDB extension: it may be packed still, cut off, or an error page.`;
  }
}

async function judge(name: string, path: string, needs: DriverIdentity, lookedIn: string[]): Promise<ExtensionProbe> {
  const end = await lastBytes(path);
  if (end === null) return { name, status: 'missing', path: null, builtFor: null, needs, lookedIn };
  const footer = readFooter(end);
  const builtFor = footer === null ? null : { version: footer.version, platform: footer.platform };
  return { name, status: judgeFooter(footer, needs), path, builtFor, needs, lookedIn };
}

/** The end of a file; null when it cannot be read. */
async function lastBytes(path: string): Promise<Buffer | null> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const end = Buffer.alloc(Math.min(size, footerBytes));
    await file.read(end, 0, end.length, size - end.length);
    return end;
  } catch {
    return null;
  }
}

/** The same file for other versions and platforms, or laid down without their folders, or still packed. */
async function elsewhere(directory: string, file: string): Promise<string[]> {
  const names = [`${file}.duckdb_extension`, `${file}.duckdb_extension.gz`];
  const versions = await foldersIn(directory);
  const platforms = (await Promise.all(versions.map(foldersIn))).flat();
  const folders = [directory, ...versions, ...platforms];
  const paths = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const there = await Promise.all(paths.map(lastBytes));
  return paths.filter((_, index) => there[index] !== null);
}

async function foldersIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(directory, entry.name))
    .sort();
}
