/** The open state: reads, writes in one transaction at a time, checkpoints and backups. The server alone opens it. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { Database, type DatabaseLimits } from '../duckdb/database.ts';
import type { Session } from '../duckdb/session.ts';
import { toAttacheError } from '../errors/attache-error.ts';
import { writeBackup } from './backups.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/all.ts';
import { type Recovery, recoverState } from './recover.ts';
import { type StateFiles, stateFiles, stateLimits } from './state-files.ts';
import { TurnQueue } from './turn-queue.ts';

interface OpenDatabase {
  database: Database;
  reader: Session;
  writer: Session;
}

export class SystemState {
  /** How the state was brought back at this start, or null when it simply opened. */
  readonly recovery: Recovery | null;
  private readonly files: StateFiles;
  private readonly limits: DatabaseLimits;
  private readonly reads = new TurnQueue();
  private readonly writes = new TurnQueue();
  private open: OpenDatabase | null;
  private unsaved = false;
  private closed = false;

  private constructor(files: StateFiles, limits: DatabaseLimits, open: OpenDatabase, recovery: Recovery | null) {
    this.files = files;
    this.limits = limits;
    this.open = open;
    this.recovery = recovery;
  }

  /** Opens the state of a data folder, creating, migrating or recovering it. Throws `locked` when another process has it. */
  static async open(dataDirectory: string): Promise<SystemState> {
    const files = stateFiles(dataDirectory);
    const limits = stateLimits(dataDirectory);
    await mkdir(limits.tempDirectory, { recursive: true });
    const { open, recovery, migrated } = await openOrRecover(files, limits);
    const state = new SystemState(files, limits, open, recovery);
    if (migrated) await state.checkpoint();
    return state;
  }

  /** Reads what is committed. */
  read<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.reads.run(async () => this.guard(async () => work((await this.connected()).reader)));
  }

  /** Runs `work` in one transaction: all of it holds, or nothing. Writers take turns. */
  write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.writes.run(() =>
      this.guard(async () => {
        const { writer } = await this.connected();
        await writer.run('BEGIN');
        try {
          const value = await work(writer);
          await writer.run('COMMIT');
          this.unsaved = true;
          return value;
        } catch (thrown) {
          await writer.run('ROLLBACK').catch(() => {});
          throw thrown;
        }
      }),
    );
  }

  /** Moves the WAL into the file: what is written before cannot be lost with a WAL that does not replay. */
  checkpoint(): Promise<void> {
    return this.writes.run(() => this.guard(async () => (await this.connected()).writer.run('CHECKPOINT')));
  }

  /** Writes a verified backup if anything changed since the last; returns its path or null. */
  backup(now = new Date()): Promise<string | null> {
    return this.writes.run(() =>
      this.guard(async () => {
        if (!this.unsaved) return null;
        await (await this.connected()).writer.run('CHECKPOINT');
        const path = await writeBackup(this.files, this.limits, now);
        this.unsaved = false;
        return path;
      }),
    );
  }

  /** Checkpoints and closes. */
  async close(): Promise<void> {
    if (this.closed) return;
    await this.checkpoint();
    this.closed = true;
    await this.reads.run(async () => {});
    this.open?.database.close();
    this.open = null;
  }

  private async connected(): Promise<OpenDatabase> {
    if (this.closed) throw toAttacheError(new Error('The state is closed.'));
    this.open ??= await openDatabase(this.files, this.limits);
    return this.open;
  }

  /** DuckDB invalidates a whole instance after a fatal error: the next use opens it afresh instead of failing for ever. */
  private async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (/database has been invalidated|^FATAL/i.test(thrown instanceof Error ? thrown.message : '')) {
        this.open?.database.close();
        this.open = null;
      }
      throw thrown;
    }
  }
}

async function openOrRecover(files: StateFiles, limits: DatabaseLimits) {
  try {
    return { ...(await openMigrated(files, limits)), recovery: null };
  } catch (thrown) {
    // A lock, a newer schema or a failed migration is no damage: an old backup would not be a remedy.
    if (toAttacheError(thrown).code !== 'integrity' || !existsSync(files.database)) throw thrown;
    const recovery = await recoverState(files, limits, thrown);
    return { ...(await openMigrated(files, limits)), recovery };
  }
}

async function openMigrated(files: StateFiles, limits: DatabaseLimits) {
  const open = await openDatabase(files, limits);
  try {
    const applied = await migrate(open.writer, migrations);
    return { open, migrated: applied.length > 0 };
  } catch (thrown) {
    open.database.close();
    throw thrown;
  }
}

async function openDatabase(files: StateFiles, limits: DatabaseLimits): Promise<OpenDatabase> {
  const database = await Database.open(files.database, limits);
  return { database, reader: await database.connect(), writer: await database.connect() };
}
