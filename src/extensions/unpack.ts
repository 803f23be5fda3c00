/** Finds the extensions in what somebody brought: a file, a packed file, a wheel, or a folder of these. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type ExtensionFooter, readFooter } from '../duckdb/extension-footer.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { readZip } from './read-zip.ts';

/** An extension as it came. */
export interface BroughtExtension {
  /** The file's name without its ending. */
  name: string;
  content: Buffer;
  footer: ExtensionFooter | null;
  /** Where it lay, for people: a path, and inside a wheel the path in it. */
  from: string;
}

const mostBytes = 512 << 20;
const mostFiles = 10_000;
const extensionFile = /^([A-Za-z][A-Za-z0-9_]*)\.duckdb_extension(\.gz)?$/;

/** Everything at `path` that is named like an extension. Throws `not_found` when there is no such path and `integrity` for a damaged archive. */
export async function unpackExtensions(path: string): Promise<BroughtExtension[]> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw new AttacheError('not_found', {
      message: `${path} cannot be read: ${(cause as Error).message}`,
      hint: 'Give a .duckdb_extension file, the same packed (.gz), a wheel (.whl), or a folder with any of these.',
      cause,
    });
  });
  const files = facts.isDirectory() ? await filesBelow(path) : [path];
  const brought: BroughtExtension[] = [];
  for (const file of files) brought.push(...(await unpackFile(file)));
  return brought;
}

/** A packed extension, as DuckDB's repository serves it. */
export function unpackDownload(name: string, packed: Buffer, from: string): BroughtExtension {
  return asBrought(`${name}.duckdb_extension.gz`, packed, from)!;
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  if (entries.length > mostFiles)
    throw new AttacheError('usage', {
      message: `${directory} holds ${entries.length} files.`,
      hint: 'Point --from at the folder with the extension.',
    });
  return entries
    .filter((entry) => entry.isFile() && (extensionFile.test(entry.name) || isArchive(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function isArchive(name: string): boolean {
  return /\.(whl|zip)$/i.test(name);
}

async function unpackFile(path: string): Promise<BroughtExtension[]> {
  const { size } = await stat(path);
  if (size > mostBytes) throw damaged(path, `it has ${size} bytes`);
  const content = await readFile(path);
  if (!isArchive(path)) return [asBrought(basename(path), content, path)].filter((each) => each !== null);
  try {
    return readZip(content)
      .filter((entry) => extensionFile.test(basename(entry.name)))
      .map((entry) => asBrought(basename(entry.name), entry.read(mostBytes), `${path}:${entry.name}`))
      .filter((each) => each !== null);
  } catch (cause) {
    throw cause instanceof AttacheError ? cause : damaged(path, (cause as Error).message, cause);
  }
}

function asBrought(fileName: string, content: Buffer, from: string): BroughtExtension | null {
  const [, name, packed] = extensionFile.exec(fileName) ?? [];
  if (name === undefined) return null;
  const plain = packed === undefined ? content : gunzip(content, from);
  return { name: name.toLowerCase(), content: plain, footer: readFooter(plain), from };
}

function gunzip(content: Buffer, from: string): Buffer {
  try {
    return gunzipSync(content, { maxOutputLength: mostBytes });
  } catch (cause) {
    throw damaged(from, (cause as Error).message, cause);
  }
}

function damaged(path: string, reason: string, cause?: unknown): AttacheError {
  return new AttacheError('integrity', {
    message: `${path} cannot be unpacked: ${reason}.`,
    hint: 'Bring the file again; it may have been cut off on its way.',
    cause,
  });
}
