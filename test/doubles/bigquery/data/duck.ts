/** The DuckDB that holds the double's rows. Every statement has its own connection, so that slow ones hold up no others. */
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from '@duckdb/node-api';

type DuckRow = Record<string, unknown>;

export interface Duck {
  run(sql: string): Promise<void>;
  rows(sql: string): Promise<DuckRow[]>;
  /** The first column, without a row object around each value. */
  texts(sql: string): Promise<string[]>;
  /** Runs the statement and hands its streaming result to the reader. */
  stream<T>(sql: string, read: (result: DuckDBResult) => Promise<T>): Promise<T>;
  close(): void;
}

export async function openDuck(): Promise<Duck> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', autoinstall_known_extensions: 'false' });
  await withConnection(instance, (c) => c.run("SET GLOBAL TimeZone = 'UTC'"));
  return {
    run: async (sql) => {
      await withConnection(instance, (c) => c.run(sql));
    },
    rows: (sql) => withConnection(instance, async (c) => (await c.runAndReadAll(sql)).getRowObjects()),
    texts: (sql) =>
      withConnection(instance, async (c) => ((await c.runAndReadAll(sql)).getColumns()[0] ?? []) as string[]),
    stream: (sql, read) => withConnection(instance, async (c) => read(await c.stream(sql))),
    close: () => instance.closeSync(),
  };
}

async function withConnection<T>(instance: DuckDBInstance, use: (c: DuckDBConnection) => Promise<T>): Promise<T> {
  const connection = await instance.connect();
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
  }
}
