/** The BigQuery double as a process of its own under plain Node: tells on one line where it listens, and ends with its input. */
import { register } from 'node:module';

register('../../test/doubles/keboola-storage/strip-types.mjs', import.meta.url);
const { startBigQuery } = await import('../../test/doubles/bigquery/start.ts');

const { tables } = JSON.parse(process.argv[2]);
const double = await startBigQuery();
double.control.dataset({ project: 'lab', dataset: 'd', location: 'EU' });
for (const table of tables) await double.control.table({ project: 'lab', dataset: 'd', ...table });
process.stdout.write(
  `${JSON.stringify({ api_endpoint: double.apiEndpoint, storage_endpoint: double.storageEndpoint })}\n`,
);
await new Promise((resolve) => process.stdin.resume().once('end', resolve));
process.exit(0);
