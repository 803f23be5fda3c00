/** Turns a finished Parquet file in scratch into an immutable, content-named part. */
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import { partPath } from '../contract/extract-folder.ts';
import type { Part } from '../contract/shapes.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { syncDirectory, syncFile } from '../files/durable.ts';
import { hashFile } from '../files/hash-file.ts';
import { crashPoint } from './crash-point.ts';

/** Verifies, flushes and renames `file`, which holds `rows` rows, to its content's name in the extract's `data/`. Whoever wrote it may know its hash already. */
export async function sealPart(
  folder: ExtractFolder,
  table: string,
  file: string,
  rows: number,
  knownSha256?: string,
): Promise<Part> {
  return sealBelow(folder.directory, (sha256) => partPath(table, sha256), file, rows, { knownSha256 });
}

/** Like `sealPart`, for many parts of one table: none may be named by a catalogue before `flushParts` of the table. */
export async function sealPartUnflushed(
  folder: ExtractFolder,
  table: string,
  file: string,
  rows: number,
): Promise<Part> {
  return sealBelow(folder.directory, (sha256) => partPath(table, sha256), file, rows, { flushed: false });
}

/** Flushes the entries of parts that were sealed unflushed. */
export async function flushParts(folder: ExtractFolder, table: string): Promise<void> {
  await syncDirectory(join(folder.directory, dirname(partPath(table, ''))));
}

/** Seals `file` below `directory` under the relative path its content's hash gives. A part that is already there is kept and `file` dropped. */
export async function sealBelow(
  directory: string,
  pathOf: (sha256: string) => string,
  file: string,
  rows: number,
  { knownSha256, flushed = true }: { knownSha256?: string | undefined; flushed?: boolean } = {},
): Promise<Part> {
  await checkParquetFrame(file);
  const sha256 = knownSha256 ?? (await hashFile(file));
  const path = pathOf(sha256);
  const target = join(directory, path);
  const size_bytes = (await stat(file)).size;
  if (await isPresent(target, size_bytes)) {
    await rm(file);
    return { path, rows, size_bytes, sha256 };
  }
  crashPoint('part.before-sync');
  await syncFile(file);
  await chmod(file, 0o444);
  const created = await mkdir(dirname(target), { recursive: true });
  crashPoint('part.before-rename');
  await rename(file, target);
  crashPoint('part.after-rename');
  if (flushed || created !== undefined) await syncUpTo(dirname(target), created);
  return { path, rows, size_bytes, sha256 };
}

/** Flushes `folder`, and the folders above it up to the one that holds `created`, the topmost new one: a new folder is an entry too. */
async function syncUpTo(folder: string, created: string | undefined): Promise<void> {
  await syncDirectory(folder);
  if (created !== undefined && folder.length >= created.length) await syncUpTo(dirname(folder), created);
}

/** A killed or failed writer leaves a file without a footer; such a file never becomes a part. */
async function checkParquetFrame(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(4);
    const tail = Buffer.alloc(4);
    if (size >= 12) {
      await file.read(head, 0, 4, 0);
      await file.read(tail, 0, 4, size - 4);
    }
    if (head.toString('latin1') !== 'PAR1' || tail.toString('latin1') !== 'PAR1') {
      throw new AttacheError('integrity', {
        message: `${path} is not a complete Parquet file (${size} bytes).`,
        retryable: true,
      });
    }
  } finally {
    await file.close();
  }
}

async function isPresent(path: string, size: number): Promise<boolean> {
  return stat(path).then(
    (found) => found.size === size,
    () => false,
  );
}
