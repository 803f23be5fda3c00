/** Opens DuckDB databases: the one module that imports the driver, sets every limit and keeps one file from being opened twice in one process. */
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DuckDBInstance as Instance } from '@duckdb/node-api';
import { AttacheError } from '../errors/attache-error.ts';
import { DuckDBInstance, DuckDBTimestampTZValue } from './driver.ts';
import { identifier, literal, literalList } from './quote.ts';
import { Session } from './session.ts';

export interface DatabaseLimits {
  /** DuckDB's memory limit, e.g. `400MB`. */
  memoryLimit: string;
  threads: number;
  /** A private spill folder on the data disk. */
  tempDirectory: string;
  /** Folders that hold `v1.x.y/<platform>/<name>.duckdb_extension`. */
  extensionDirectories?: readonly string[];
  /** False lets DuckDB reorder rows, which is lighter and makes bytes unstable. */
  preserveInsertionOrder?: boolean;
  /** Cap on spilled bytes, e.g. `50GB`. */
  maxTempDirectorySize?: string;
}

export interface Access {
  readOnly?: boolean;
  /** Rows of a row group in tables of this file, a multiple of 2,048; DuckDB's own 122,880 when absent. A row group is what a checkpoint brings into memory to write it anew. */
  rowGroupRows?: number;
}

/** The name of a file that is attached. */
const attached = 'main file';

// The driver prints instants in the host's zone, whatever the session's is; ours is UTC everywhere.
DuckDBTimestampTZValue.timezoneOffsetInMinutes = 0;

const openFiles = new Set<string>();

/** An open DuckDB database. Sessions that are still open are closed with it. */
export class Database {
  private readonly sessions = new Set<Session>();
  private readonly instance: Instance;
  private readonly key: string | null;
  private use: string | null = null;
  private closed = false;

  private constructor(instance: Instance, key: string | null) {
    this.instance = instance;
    this.key = key;
  }

  /** A database in memory. */
  static async inMemory(limits: DatabaseLimits): Promise<Database> {
    return Database.create(':memory:', limits, null, false);
  }

  /** A database file. A second open of the same file in this process is refused: the driver would lose writes without an error. */
  static async open(path: string, limits: DatabaseLimits, access: Access = {}): Promise<Database> {
    const key = canonicalPath(path);
    if (key.includes('?')) {
      throw new AttacheError('unsupported', {
        message: `${path} has a question mark in it: DuckDB takes what follows for parameters and would write its log elsewhere.`,
        hint: 'Choose a folder without a question mark in its path.',
      });
    }
    if (openFiles.has(key)) {
      throw new AttacheError('internal', { message: `${path} is already open in this process.` });
    }
    openFiles.add(key);
    try {
      refuseOtherThanFile(path);
      if (access.rowGroupRows !== undefined) return await Database.attach(path, access.rowGroupRows, limits, key);
      return await Database.create(path, limits, key, access.readOnly ?? false);
    } catch (thrown) {
      openFiles.delete(key);
      throw asOpenError(path, thrown);
    }
  }

  private static async create(
    path: string,
    limits: DatabaseLimits,
    key: string | null,
    readOnly: boolean,
  ): Promise<Database> {
    const instance = await DuckDBInstance.create(path, {
      memory_limit: limits.memoryLimit,
      threads: String(limits.threads),
      temp_directory: limits.tempDirectory,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_persistent_secrets: 'false',
      allow_community_extensions: 'true',
      preserve_insertion_order: String(limits.preserveInsertionOrder ?? true),
      ...(limits.maxTempDirectorySize ? { max_temp_directory_size: limits.maxTempDirectorySize } : {}),
      ...(readOnly ? { access_mode: 'READ_ONLY' } : {}),
    });
    const database = new Database(instance, key);
    const session = await database.connect();
    // Refused at creation because the time zone lives in an extension, although that is built in.
    await session.run("SET GLOBAL TimeZone = 'UTC'");
    if (limits.extensionDirectories && limits.extensionDirectories.length > 0) {
      await session.run(`SET GLOBAL extension_directories = ${literalList(limits.extensionDirectories)}`);
    }
    session.close();
    return database;
  }

  /** A file takes the size of its row groups only when it is attached; each session then uses it as if it were alone. */
  private static async attach(
    path: string,
    rowGroupRows: number,
    limits: DatabaseLimits,
    key: string | null,
  ): Promise<Database> {
    const database = await Database.create(':memory:', limits, key, false);
    try {
      const session = await database.connect();
      await session.run(`ATTACH ${literal(path)} AS ${identifier(attached)} (ROW_GROUP_SIZE ${rowGroupRows})`);
      session.close();
      database.use = `USE ${identifier(attached)}`;
      return database;
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  }

  async connect(): Promise<Session> {
    const session: Session = new Session(await this.instance.connect(), () => this.sessions.delete(session));
    this.sessions.add(session);
    if (this.use !== null) await session.run(this.use);
    return session;
  }

  /** Queries run on whichever thread is free, and without this each thread keeps what they no longer need, beyond DuckDB's own limit. */
  async giveFreedMemoryBack(): Promise<void> {
    using session = await this.connect();
    await session.run('SET GLOBAL allocator_background_threads = true');
    // A task that let go of this much gives it back when it ends, not some time later.
    await session.run("SET GLOBAL allocator_flush_threshold = '8MB'");
    await session.run("SET GLOBAL allocator_bulk_deallocation_flush_threshold = '8MB'");
  }

  /** Closes the sessions, then the file. The driver keeps the file's lock when the order is another. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const session of [...this.sessions]) session.close();
    this.instance.closeSync();
    if (this.key !== null) openFiles.delete(this.key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

function canonicalPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return join(realpathSync(dirname(path)), basename(path));
  }
}

/** Opening a pipe or a device would wait for ever, and nothing could interrupt it. */
function refuseOtherThanFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw new Error(found.isDirectory() ? 'it is a folder' : 'it is no file');
}

function asOpenError(path: string, thrown: unknown): AttacheError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/could not set lock|conflicting lock/i.test(message)) {
    return new AttacheError('locked', {
      message: `${path} is in use by another process.`,
      hint: 'Close the program that has it open, then try again.',
      retryable: true,
      cause: thrown,
    });
  }
  return new AttacheError('integrity', {
    message: `${path} cannot be opened as a DuckDB database: ${message}`,
    cause: thrown,
  });
}
