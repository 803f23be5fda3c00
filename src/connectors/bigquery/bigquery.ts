/** BigQuery as a source: stored tables by the Storage Read API, everything else by queries of our own with a byte cap. */
import { defineConnector } from '../connector.ts';
import { checkAccess } from './check.ts';
import { keyOwner } from './credentials.ts';
import { discoverTables } from './discover.ts';
import { endLeftJobs } from './end-job.ts';
import { openLedger } from './ledger.ts';
import { openLook } from './look.ts';
import { options } from './options.ts';
import { listPartitions } from './partitions.ts';
import { planTable } from './plan-table.ts';
import { restClient } from './rest-client.ts';
import { type Settings, settings } from './settings.ts';
import { settleTable } from './settle.ts';
import { openStorage } from './storage-client.ts';

/** Tables, views and queries of Google BigQuery. */
export const bigquery = defineConnector<Settings>({
  type: 'bigquery',
  title: 'Google BigQuery',
  summary: 'Tables, views, external tables and queries of Google BigQuery.',
  settings,
  options,
  serves: { cursor: true, partitions: true, where: true, columns: true, changes: false, remote: true },
  parallel: { tables: 2, pieces: 4 },
  streams: true,
  accelerator: { extension: 'bigquery', wanted: ({ driver }) => driver !== 'native' },
  check: async (context) => {
    const storage = openStorage(context);
    try {
      return await checkAccess(restClient(context), storage, keyOwner(context));
    } finally {
      await storage.close();
    }
  },
  discover: (context) => discoverTables(restClient(context)),
  settle: settleTable,
  read: async (context) => {
    const look = await openLook(context);
    return {
      plan: (table, request) => planTable(look, table, request),
      partitions: (table) => listPartitions(look, table),
      close: () => look.storage.close(),
    };
  },
  tidy: async (context) => {
    await endLeftJobs(restClient(context), openLedger(context.memory));
  },
});
