/** A schema of a real PostgreSQL as the world of a history; late transactions are open ones. */
import type pg from 'pg';
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import { extractSource } from '../../../src/extract/extract-source.ts';
import { extractRequest } from '../../helpers/extract-request.ts';
import type { TestPostgres } from '../../helpers/postgres-server.ts';
import { postgresSource } from '../../helpers/postgres-source.ts';
import { dieAt } from './die-at.ts';
import type { World } from './world.ts';

let schemas = 0;

export async function postgresWorld(server: TestPostgres, settings: Record<string, unknown> = {}): Promise<World> {
  schemas += 1;
  const schema = `history_${schemas}`;
  const given = { url: server.url, ...settings };
  const source = await postgresSource(given);
  const connect = async (): Promise<pg.Client> => {
    const client = await server.connect();
    await client.query(`SET search_path TO ${schema}; SET TIME ZONE 'UTC'`);
    return client;
  };
  await server.run(`CREATE SCHEMA ${schema}`);
  const [client, late] = [await connect(), await connect()];
  const here = (table: TableRequest): TableRequest => ({ ...table, bucket: schema });
  const texts = (names: string[], time: string) =>
    names
      .map((name) => `'${name}=' || coalesce(${name === 'changed' ? time : `CAST("${name}" AS VARCHAR)`}, 'NULL')`)
      .join(', ');
  return {
    run: async (...statements) => {
      for (const statement of statements) await client.query(statement);
    },
    rewrite: async () => {
      await client.query('VACUUM FULL t');
    },
    begin: async (statement) => {
      await late.query('BEGIN');
      await late.query(statement);
    },
    commit: async () => {
      await late.query('COMMIT');
    },
    sync: async (table, facts = {}) => {
      const report = await source.extract([here(table)], facts);
      return { ...report.tables[0]!, notes: report.notes };
    },
    // Only a process of its own can die.
    crash: (table, point) =>
      dieAt(point, () =>
        extractSource(
          extractRequest(source.directory, { name: 'crm', type: 'postgres', settings: given }, [here(table)]),
        ),
      ),
    source: async () => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = '${schema}' AND table_name = 't' ORDER BY 1`,
      );
      const row = texts(rows.map(({ name }) => name).sort(), `to_char(changed, 'YYYY-MM-DD HH24:MI:SS.US')`);
      const found = await client.query<{ row: string }>(`SELECT concat_ws('|', ${row}) AS row FROM t`);
      return found.rows.map((each) => each.row).sort();
    },
    extract: async () => {
      const columns = await source.query<{ column_name: string }>('DESCRIBE t');
      const names = columns.map((column) => column.column_name).sort();
      const rows = await source.query<{ row: string }>(
        `SELECT concat_ws('|', ${texts(names, "strftime(changed, '%Y-%m-%d %H:%M:%S.%f')")}) AS row FROM t`,
      );
      return rows.map(({ row }) => row).sort();
    },
    remove: async () => {
      await Promise.all([client.end(), late.end()]);
      await server.run(`DROP SCHEMA ${schema} CASCADE`);
      await source.remove();
    },
  };
}
