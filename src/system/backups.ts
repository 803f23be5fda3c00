/** Rolling backups of the state. A file with a backup's name was opened and read through after it was written. */
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Database, type DatabaseLimits } from '../duckdb/database.ts';
import { identifier } from '../duckdb/quote.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import { schemaVersion } from './migrate.ts';
import type { StateFiles } from './state-files.ts';

const kept = 5;

/** Copies the checkpointed database, proves the copy readable, gives it its name and drops the oldest. The caller holds back writers. */
export async function writeBackup(files: StateFiles, limits: DatabaseLimits, now: Date): Promise<string> {
  await mkdir(files.backups, { recursive: true, mode: 0o700 });
  const name = `system-${now.toISOString().replaceAll(':', '-')}.duckdb`;
  const draft = join(files.backups, `.draft-${name}`);
  try {
    await copyFile(files.database, draft);
    await verifyState(draft, limits);
    await syncFile(draft);
    await renameDurably(draft, join(files.backups, name));
  } finally {
    await rm(draft, { force: true });
  }
  for (const old of (await listBackups(files)).slice(kept)) await rm(old, { force: true });
  return join(files.backups, name);
}

/** Paths of the backups, newest first. */
export async function listBackups(files: StateFiles): Promise<string[]> {
  const names = await readdir(files.backups).catch(() => [] as string[]);
  return names
    .filter((name) => /^system-.*\.duckdb$/.test(name))
    .sort()
    .reverse()
    .map((name) => join(files.backups, name));
}

/** The instant a backup was made, from its name. */
export function backupInstant(path: string): string {
  const [, day, hour, minute, rest] = /system-(.{10})T(\d\d)-(\d\d)-(.+)\.duckdb$/.exec(path) ?? [];
  return `${day}T${hour}:${minute}:${rest}`;
}

/** Reads every row of every table, so that a damaged block shows now. Returns the schema version; throws when something cannot be read. */
export async function verifyState(path: string, limits: DatabaseLimits): Promise<number> {
  await using database = await Database.open(path, limits, { readOnly: true });
  using session = await database.connect();
  const tables = await session.rows<{ table_name: string }>(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'",
  );
  for (const { table_name } of tables) {
    const name = identifier(table_name);
    await session.rows(`SELECT count(*), count(hash(t)) FROM ${name} AS t`);
  }
  // Awaited here: a session that closes under a running statement takes the process with it.
  return await schemaVersion(session);
}
