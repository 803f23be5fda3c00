/** The DuckDB that holds the service's rows. */
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export type Cell = string | number | boolean | null;

export class Database {
  readonly #instance: DuckDBInstance;
  readonly #writer: DuckDBConnection;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #reading = new Set<Promise<unknown>>();

  private constructor(instance: DuckDBInstance, writer: DuckDBConnection) {
    this.#instance = instance;
    this.#writer = writer;
  }

  /** `diskBacked` keeps the rows in a file: for loads that would not fit beside the client under test. */
  static async open(folder: string, diskBacked: boolean): Promise<Database> {
    const instance = await DuckDBInstance.create(diskBacked ? join(folder, 'rows.duckdb') : ':memory:', {
      threads: '2',
      memory_limit: '1GB',
      temp_directory: join(folder, 'spill'),
    });
    const writer = await instance.connect();
    await writer.run("SET GLOBAL TimeZone = 'UTC'");
    return new Database(instance, writer);
  }

  /** Changes to rows happen one after another, each in one transaction. */
  write<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      await this.#writer.run('BEGIN');
      try {
        const result = await work(this.#writer);
        await this.#writer.run('COMMIT');
        return result;
      } catch (error) {
        await this.#writer.run('ROLLBACK');
        throw error;
      }
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Reads see a settled state: they wait for the change that is under way. */
  read<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const reading = this.#turn.then(() => this.#readNow(work));
    this.#reading.add(reading);
    reading.catch(() => {}).finally(() => this.#reading.delete(reading));
    return reading;
  }

  async rows(sql: string): Promise<Cell[][]> {
    return this.read(async (connection) => (await connection.runAndReadAll(sql)).getRowsJson() as Cell[][]);
  }

  /** Waits for what is under way: an instance must not close under a running query. */
  async stop(): Promise<void> {
    await Promise.allSettled([this.#turn, ...this.#reading]);
    this.#writer.closeSync();
    this.#instance.closeSync();
  }

  async #readNow<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#instance.connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  }
}
