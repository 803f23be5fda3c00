/** Finds the files a table is made of, inside its folder and nowhere else. */
import type { BigIntStats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { AttacheError } from '../../errors/attache-error.ts';
import { badRequest, changedWhileRead, unreadable } from './file-fault.ts';
import { globPattern, isGlob } from './glob.ts';

export interface FoundFile {
  /** Relative to the folder, with forward slashes; the name people know the file by. */
  name: string;
  /** Absolute, with every link resolved. */
  path: string;
  size: number;
  mtimeMs: number;
  /** Equal as long as nobody wrote to the file, as far as the file system tells. */
  identity: string;
}

/** What others write before they rename, and what programs keep for themselves. */
const ignored = /^\.|^~\$|\.(?:tmp|part|partial|crdownload|filepart|swp)$|~$/i;

/** The files of `source_table`, by name. A file with that exact name wins over a pattern. Throws when the folder cannot be listed. */
export async function listFiles(folder: string, sourceTable: string): Promise<FoundFile[]> {
  const wanted = sourceTable.replaceAll('\\', '/').replace(/^\.\//, '');
  if (isAbsolute(wanted) || wanted.split('/').includes('..') || wanted.includes('\0')) {
    throw badRequest(
      '/source_table',
      `${JSON.stringify(sourceTable)} leads out of the folder ${folder}.`,
      'Name a file or a pattern inside the folder, e.g. "orders.csv" or "orders/*.csv".',
    );
  }
  const root = await rootOf(folder);
  const exact = await findFile(root, wanted);
  if (exact !== null) return [exact];
  if (!isGlob(wanted)) return [];
  const pattern = globPattern(wanted);
  const names = (await walk(root, '', wanted.includes('/'))).filter((name) => pattern.test(name));
  const found: (FoundFile | null)[] = [];
  for (const name of names) found.push(await findFile(root, name));
  return found.filter((file) => file !== null);
}

/** Every file of the folder that could be a table; a link that leads out of it could not. */
export async function listAllFiles(folder: string): Promise<FoundFile[]> {
  const root = await rootOf(folder);
  const found: (FoundFile | null)[] = [];
  for (const name of await walk(root, '', true)) found.push(await findFile(root, name).catch(nullIfForbidden));
  return found.filter((file) => file !== null);
}

function nullIfForbidden(thrown: unknown): null {
  if (thrown instanceof AttacheError && thrown.code === 'source_forbidden') return null;
  throw thrown;
}

async function rootOf(folder: string): Promise<string> {
  try {
    const root = await realpath(resolve(folder));
    // Lists the folder even where one file is asked for: a folder that cannot be listed says nothing about its files.
    await readdir(root);
    return root;
  } catch (thrown) {
    throw unreadable(`The folder ${folder}`, thrown);
  }
}

/** Relative names of all files below `directory`, sorted. Linked folders are not entered. */
async function walk(root: string, directory: string, deep: boolean): Promise<string[]> {
  const names: string[] = [];
  try {
    const entries = await readdir(join(root, directory), { withFileTypes: true });
    for (const entry of entries) {
      if (ignored.test(entry.name)) continue;
      const name = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) {
        if (deep) names.push(...(await walk(root, name, deep)));
      } else names.push(name);
    }
  } catch (thrown) {
    throw unreadable(`The folder ${join(root, directory)}`, thrown);
  }
  return names.sort();
}

async function findFile(root: string, name: string): Promise<FoundFile | null> {
  let path: string;
  try {
    path = await realpath(join(root, name));
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR', 'EINVAL', 'ENAMETOOLONG'].includes((thrown as NodeJS.ErrnoException).code ?? ''))
      return null;
    throw unreadable(`The file ${name}`, thrown);
  }
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new AttacheError('source_forbidden', {
      message: `The file ${name} is a link that leads out of the folder.`,
      hint: 'Put the file itself into the folder, or make a source of the folder it lies in.',
    });
  }
  const facts = await stat(path, { bigint: true });
  if (!facts.isFile()) return null;
  return {
    name,
    path,
    size: Number(facts.size),
    mtimeMs: Number(facts.mtimeMs),
    identity: identityOf(facts),
  };
}

/** The time of the last change of the file's record is part of it: a copy may bring an old modification time along. */
function identityOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string {
  return [size, mtimeNs, ctimeNs, ino].join(':');
}

/** Throws when the file is no longer the one that was listed: then nothing of what was read may be published. */
export async function ensureUnchanged(file: FoundFile): Promise<void> {
  const now = await stat(file.path, { bigint: true }).catch(() => null);
  if (now === null || identityOf(now) !== file.identity) throw changedWhileRead(file.name);
}
