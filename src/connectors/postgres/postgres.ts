/** PostgreSQL as a source: COPY under one snapshot for all tables of a run. */
import { defineConnector } from '../connector.ts';
import type { SourceContext } from '../source-context.ts';
import { checkServer } from './check.ts';
import { serverOf } from './connect.ts';
import { countRows } from './count-rows.ts';
import { discoverTables } from './discover.ts';
import { explainError } from './explain-error.ts';
import { Engines } from './extension/engine.ts';
import { listPartitions } from './partitions.ts';
import { planRead } from './read-plan.ts';
import { options, type Settings, settings } from './settings.ts';
import { settleTable } from './settle.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';

/** Tables, views and foreign tables of a PostgreSQL database. */
export const postgres = defineConnector<Settings>({
  type: 'postgres',
  title: 'PostgreSQL',
  summary: 'Tables, views and foreign tables of a PostgreSQL database.',
  settings,
  options,
  defaultBucket: 'public',
  serves: { cursor: true, partitions: true, where: true, columns: true, changes: false, remote: false },
  accelerator: { extension: 'postgres', wanted: (given) => given.driver !== 'native' },
  // More than DuckDB's slots and the source's connections: those two are the limits.
  parallel: { tables: 4, pieces: 4 },
  streams: true,
  check: async (context) => {
    try {
      return await checkServer(serverOf(context));
    } catch (thrown) {
      throw explainError(thrown, 'checking the source');
    }
  },
  discover: (context) =>
    withSnapshot(context, async (snapshot) => {
      try {
        return await discoverTables(snapshot.ask);
      } catch (thrown) {
        throw explainError(thrown, 'listing the tables');
      }
    }),
  settle: (context, table) => withSnapshot(context, (snapshot) => settleTable(snapshot, table)),
  read: async (context) => {
    const server = serverOf(context);
    const snapshot = await takeSnapshot(server, context.note);
    const engines = new Engines(context, server, snapshot);
    return {
      plan: async (table, request) =>
        planRead({ snapshot, settings: server.settings, engine: await engines.choose(table) }, table, request),
      count: (table) => countRows(snapshot, table),
      partitions: (table) => listPartitions(snapshot, table),
      close: async () => {
        await engines.close();
        await snapshot.close();
      },
    };
  },
});

async function withSnapshot<Answer>(
  context: SourceContext<Settings>,
  work: (snapshot: Snapshot) => Promise<Answer>,
): Promise<Answer> {
  const snapshot = await takeSnapshot(serverOf(context), () => {});
  try {
    return await work(snapshot);
  } finally {
    await snapshot.close();
  }
}
