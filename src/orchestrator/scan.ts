/** Lists the extracts and tells which of them changed since the catalogue was saved. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExtractFolder, extractFolder } from '../contract/extract-folder.ts';
import { identityFault } from '../contract/identity.ts';
import type { SavedSource } from './saved-catalogue.ts';
import type { Problem } from './shapes.ts';
import { fileSignature, folderSignature } from './signature.ts';

export interface Scanned {
  folder: ExtractFolder;
  /** Of what tells whether the extract changed; null when there is no `extract.duckdb`. */
  signature: string | null;
  changed: boolean;
  /** Our publisher works in this folder. */
  ours: boolean;
}

export interface Scan {
  sources: Scanned[];
  problems: Problem[];
}

/** Every extract below `dataDirectory`. `again` says which unchanged ones to look at nevertheless. */
export async function scanExtracts(
  dataDirectory: string,
  saved: Readonly<Record<string, SavedSource>>,
  again: (source: SavedSource) => boolean,
): Promise<Scan> {
  const extracts = join(dataDirectory, 'extracts');
  const names = await readdir(extracts).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return [];
    throw thrown;
  });
  const scan: Scan = { sources: [], problems: [] };
  const folders: ExtractFolder[] = [];
  for (const name of names.sort()) {
    if (name.startsWith('.') || !(await isFolder(join(extracts, name)))) continue;
    const fault = identityFault(name);
    if (fault === null) folders.push(extractFolder(dataDirectory, name));
    else scan.problems.push(hostileName(name, fault));
  }
  const scanned = await Promise.all(folders.map((folder) => scanOne(folder, saved[folder.source], again)));
  // Where our own first run has published nothing yet there is no extract that could be missing.
  scan.sources = scanned.filter(
    ({ folder, signature, ours }) => signature !== null || !ours || saved[folder.source] !== undefined,
  );
  return scan;
}

async function scanOne(
  folder: ExtractFolder,
  before: SavedSource | undefined,
  again: (source: SavedSource) => boolean,
): Promise<Scanned> {
  const signature = await signatureOf(folder, before?.ours ?? true);
  const changed = before === undefined || before.signature !== signature || again(before);
  return { folder, signature, changed, ours: existsSync(folder.work) };
}

/** What is ours changes by a rename of its catalogue alone; what is not may change anywhere. */
export async function signatureOf(folder: ExtractFolder, ours: boolean): Promise<string | null> {
  const own = await fileSignature(folder.database);
  return ours || own === null ? own : folderSignature(folder.directory);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function hostileName(name: string, fault: string): Problem {
  return {
    source: name,
    table: null,
    code: 'source_name',
    message: `The folder ${JSON.stringify(name)} cannot be a source: ${fault}. Rename it, e.g. to crm_2024.`,
  };
}
