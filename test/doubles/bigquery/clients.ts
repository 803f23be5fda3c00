/**
 * The official clients, as they must be configured to reach the double without ever sending it a credential.
 * - REST: a custom apiEndpoint does not stop the client from looking for credentials and sending them, http or not; only finding none
 *   does. So it gets an auth client that has none (google-auth-library's PassThroughClient is one).
 * - Storage Read: sslCreds of an insecure channel; then no credential is looked for.
 * METADATA_SERVER_DETECTION=none keeps google-auth-library from asking the network whether it runs on Google Cloud.
 */
import { BigQuery, type BigQueryOptions } from '@google-cloud/bigquery';
import { BigQueryReadClient, type protos } from '@google-cloud/bigquery-storage';
import { credentials } from '@grpc/grpc-js';
import { type RecordBatch, RecordBatchReader } from 'apache-arrow';
import type { BigQueryDouble } from './start.ts';

export type ReadSession = protos.google.cloud.bigquery.storage.v1.IReadSession;
export type RowsResponse = protos.google.cloud.bigquery.storage.v1.IReadRowsResponse;

process.env.METADATA_SERVER_DETECTION = 'none';

/** Authenticates as nobody. */
const nobody = { getRequestHeaders: async () => new Headers() } as unknown as BigQueryOptions['authClient'];

export function restClient({ apiEndpoint }: BigQueryDouble, options: BigQueryOptions = {}): BigQuery {
  return new BigQuery({ projectId: 'lab', apiEndpoint, authClient: nobody, ...options });
}

export function storageClient({ storageEndpoint }: BigQueryDouble): BigQueryReadClient {
  const [apiEndpoint, port] = storageEndpoint.split(':') as [string, string];
  return new BigQueryReadClient({
    projectId: 'lab',
    apiEndpoint,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
  });
}

export interface SessionOptions {
  selectedFields?: string[];
  rowRestriction?: string;
  snapshotTime?: { seconds: number; nanos: number };
  streams?: number;
}

/** Opens a session over lab.dataset.table in Arrow without compression. */
export async function openReadSession(
  client: BigQueryReadClient,
  table: string,
  options: SessionOptions = {},
): Promise<ReadSession> {
  const [dataset, id] = table.split('.');
  const { selectedFields, rowRestriction, snapshotTime, streams } = options;
  const [session] = await client.createReadSession({
    parent: 'projects/lab',
    readSession: {
      table: `projects/lab/datasets/${dataset}/tables/${id}`,
      dataFormat: 'ARROW',
      readOptions: { ...(selectedFields ? { selectedFields } : {}), ...(rowRestriction ? { rowRestriction } : {}) },
      ...(snapshotTime ? { tableModifiers: { snapshotTime } } : {}),
    },
    ...(streams ? { maxStreamCount: streams } : {}),
  });
  return session;
}

/**
 * By itself the client repeats a call that failed before its first answer twice, seconds apart. (Its other retry engine, behind
 * gaxServerStreamingRetries, yields no rows to `for await` and repeats an UNAVAILABLE stream from its first offset.)
 */
export const withoutRetries = { retryRequestOptions: { noResponseRetries: 0, retries: 0 } };

/** All answers of one stream from an offset on. */
export async function readStream(client: BigQueryReadClient, readStream: string, offset = 0): Promise<RowsResponse[]> {
  const answers: RowsResponse[] = [];
  for await (const answer of client.readRows({ readStream, offset }, withoutRetries) as AsyncIterable<RowsResponse>)
    answers.push(answer);
  return answers;
}

/** Answers carry bare record batches; a reader needs the session's schema in front. */
export function recordBatches(session: ReadSession, answers: RowsResponse[]): RecordBatch[] {
  return answers.flatMap((answer) => {
    const bytes = [session.arrowSchema?.serializedSchema, answer.arrowRecordBatch?.serializedRecordBatch] as Buffer[];
    return [...RecordBatchReader.from(Buffer.concat(bytes))] as RecordBatch[];
  });
}
