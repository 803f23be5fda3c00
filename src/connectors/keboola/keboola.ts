/** Keboola as a source: exports of the Storage API, read by DuckDB from verified slices. */
import { defineConnector } from '../connector.ts';
import { checkToken } from './check.ts';
import { withConnection } from './connection.ts';
import { discoverTables } from './discover.ts';
import { openReading } from './open-reading.ts';
import { options } from './options.ts';
import { type Settings, settings } from './settings.ts';
import { settleTable } from './settle.ts';

/** Tables, aliases and linked buckets of a Keboola project. */
export const keboola = defineConnector<Settings>({
  type: 'keboola',
  title: 'Keboola',
  summary: 'Tables of a Keboola project, typed and classic, through the Storage API.',
  settings,
  options,
  serves: { cursor: false, partitions: false, where: true, columns: true, changes: true, remote: true },
  accelerator: { extension: 'keboola', wanted: ({ path }) => path !== 'http' },
  parallel: { tables: 12, pieces: 1 },
  check: (context) => withConnection(context, checkToken),
  discover: (context) => withConnection(context, discoverTables),
  settle: (context, table) => withConnection(context, (connection) => settleTable(connection, table)),
  read: openReading,
});
