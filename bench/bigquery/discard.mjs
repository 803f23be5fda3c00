/** Reads a table's streams with the official client and drops what comes: prints the seconds that took. */
import { BigQueryReadClient } from '@google-cloud/bigquery-storage';
import { credentials } from '@grpc/grpc-js';

// Nobody is asked whether this is Google's cloud.
process.env.METADATA_SERVER_DETECTION = 'none';
const [endpoint, table] = process.argv.slice(2);
const [apiEndpoint, port] = endpoint.split(':');
const client = new BigQueryReadClient({
  projectId: 'lab',
  apiEndpoint,
  port: Number(port),
  sslCreds: credentials.createInsecure(),
});
const started = performance.now();
const [session] = await client.createReadSession({
  parent: 'projects/lab',
  readSession: { table: `projects/lab/datasets/d/tables/${table}`, dataFormat: 'ARROW' },
  maxStreamCount: 4,
});
let rows = 0;
let bytes = 0;
await Promise.all(
  session.streams.map(async ({ name }) => {
    for await (const answer of client.readRows({ readStream: name, offset: 0 })) {
      rows += Number(answer.rowCount);
      bytes += answer.arrowRecordBatch.serializedRecordBatch.length;
    }
  }),
);
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, rows, bytes }));
process.exit(0);
