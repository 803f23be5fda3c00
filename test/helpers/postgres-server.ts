/** A real PostgreSQL for one test file, with a superuser to prepare it. */
import pg from 'pg';
import { type PostgresOptions, type RunningPostgres, startPostgres } from '../../scripts/embedded-postgres.mjs';

export interface TestPostgres extends RunningPostgres {
  /** Runs statements as superuser, outside any transaction unless they begin one. */
  run(sql: string, values?: unknown[]): Promise<void>;
  rows<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** A further connection of the test's own, ended at `stop` at the latest. */
  connect(): Promise<pg.Client>;
}

export async function startTestPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const server = await startPostgres(options);
  const clients: pg.Client[] = [];
  const connect = async () => {
    const client = new pg.Client({ connectionString: server.url });
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  };
  const admin = await connect();
  return {
    ...server,
    connect,
    async run(sql, values) {
      await admin.query(sql, values);
    },
    async rows<Row>(sql: string, values?: unknown[]) {
      return (await admin.query(sql, values)).rows as Row[];
    },
    async stop() {
      await Promise.all(clients.map((client) => client.end().catch(() => {})));
      await server.stop();
    },
  };
}
