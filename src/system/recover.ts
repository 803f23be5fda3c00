/** What happens when the state does not open: drop a bad WAL, else the newest verified backup, else refuse. Never silently back in time. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DatabaseLimits } from '../duckdb/database.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import { backupInstant, listBackups, verifyState } from './backups.ts';
import type { StateFiles } from './state-files.ts';

/** What was done to open the state, in a sentence that says what is lost. */
export interface Recovery {
  step: 'wal_dropped' | 'backup_restored';
  message: string;
}

/** Makes the state openable or throws `state_lost`. Damaged files are copied aside first; on refusal everything stays where it was. */
export async function recoverState(files: StateFiles, limits: DatabaseLimits, cause: unknown): Promise<Recovery> {
  const aside = await copyAside(files);
  return (
    (await dropWal(files, limits, aside)) ?? (await restoreBackup(files, limits, aside)) ?? refuse(files, aside, cause)
  );
}

async function copyAside(files: StateFiles): Promise<string> {
  const folder = join(files.damaged, new Date().toISOString().replaceAll(':', '-'));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const path of [files.database, files.wal]) {
    if (existsSync(path)) await copyFile(path, join(folder, basename(path)));
  }
  return folder;
}

async function dropWal(files: StateFiles, limits: DatabaseLimits, aside: string): Promise<Recovery | null> {
  if (!existsSync(files.wal)) return null;
  const { size, mtime } = await stat(files.wal);
  const parked = `${files.wal}.parked`;
  await rename(files.wal, parked);
  try {
    await verifyState(files.database, limits);
  } catch {
    await rename(parked, files.wal);
    return null;
  }
  await rm(parked);
  const checkpoint = (await stat(files.database)).mtime;
  return {
    step: 'wal_dropped',
    message: `The write-ahead log of system.duckdb could not be replayed and was dropped: changes made between ${checkpoint.toISOString()} and ${mtime.toISOString()} (${size} bytes) may be lost. The damaged files are in ${aside}.`,
  };
}

async function restoreBackup(files: StateFiles, limits: DatabaseLimits, aside: string): Promise<Recovery | null> {
  for (const backup of await listBackups(files)) {
    const draft = `${files.database}.restored`;
    try {
      await copyFile(backup, draft);
      await verifyState(draft, limits);
    } catch {
      await rm(draft, { force: true });
      continue;
    }
    await syncFile(draft);
    // The old WAL would be replayed into the restored file.
    await rm(files.wal, { force: true });
    await renameDurably(draft, files.database);
    return {
      step: 'backup_restored',
      message: `system.duckdb could not be opened; the verified backup of ${backupInstant(backup)} was restored. Registrations, tokens and sync results since then are lost; published data is untouched. The damaged files are in ${aside}.`,
    };
  }
  return null;
}

function refuse(files: StateFiles, aside: string, cause: unknown): never {
  throw new AttacheError('state_lost', {
    message: `${files.database} cannot be opened (${cause instanceof Error ? cause.message : cause}) and no backup in ${files.backups} can be read. Starting anew would lose the table registry, tokens, jobs and sync results; published data is untouched.`,
    hint: `Restore system.duckdb from a copy of your own, or move it away to start with an empty registry. A copy of the damaged files is in ${aside}.`,
    cause,
  });
}
