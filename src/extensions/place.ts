/** Lays an extension down where DuckDB looks for it: proven by loading it, then renamed into place. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DriverIdentity } from '../duckdb/driver-identity.ts';
import { extensionPath } from '../duckdb/probe-extension.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import { loadInChild } from './load-in-child.ts';
import type { BroughtExtension } from './unpack.ts';

/** The path it lies at. A file that does not load never gets there; one that is there is replaced in one step. */
export async function placeExtension(
  { name, content, from }: BroughtExtension,
  directory: string,
  needs: DriverIdentity,
  signal: AbortSignal,
): Promise<string> {
  const path = extensionPath(directory, name, needs);
  // DuckDB finds the entry point by the file's name, so the draft has that name too.
  const draft = join(dirname(path), `.incoming-${randomUUID()}`, `${name}.duckdb_extension`);
  try {
    await mkdir(dirname(draft), { recursive: true });
    await writeFile(draft, content, { mode: 0o644 });
    await syncFile(draft);
    const refusal = await loadInChild(draft, signal);
    if (refusal !== null) throw refused(from, refusal);
    await renameDurably(draft, path);
    return path;
  } catch (thrown) {
    throw asPlaceError(directory, thrown);
  } finally {
    await rm(dirname(draft), { recursive: true, force: true });
  }
}

function refused(from: string, refusal: string): AttacheError {
  return new AttacheError('integrity', {
    message: `DuckDB does not load ${from}: ${refusal}`,
    hint: 'Nothing was changed. Bring the file again from DuckDB’s repository or from PyPI.',
  });
}

function asPlaceError(directory: string, thrown: unknown): unknown {
  const code = (thrown as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC')
    return new AttacheError('disk_full', {
      message: `There is no room for the extension in ${directory}.`,
      hint: 'Free some space and run the command again; nothing was changed.',
      retryable: true,
      cause: thrown,
    });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR')
    return new AttacheError('not_writable', {
      message: `${directory} cannot be written (${code}).`,
      hint: 'Run the command as a user who may write there, or name another folder with --to.',
      cause: thrown,
    });
  return thrown;
}
