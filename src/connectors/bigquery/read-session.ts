/** CreateReadSession: opens a table at one moment as streams of Arrow. Field numbers: storage.proto and stream.proto of googleapis. */
import type { Client, Metadata } from '@grpc/grpc-js';
import { bytesField, fieldsOf, message, numberField } from './protobuf.ts';
import type { TableName } from './table-name.ts';

export interface SessionRequest {
  table: TableName;
  /** Columns in the order in which they are wanted; the service keeps its own. */
  columns: readonly string[];
  /** GoogleSQL of a WHERE, or empty. */
  restriction: string;
  /** Microseconds since 1970; null for now. */
  at: bigint | null;
  /** The most there may be; there are fewer when the service thinks so, and none without rows. */
  streams: number;
}

export interface StorageSession {
  /** Arrow’s schema message; each batch needs it. */
  schema: Uint8Array;
  streams: string[];
  estimatedBytes: number;
  estimatedRows: number;
}

const method = '/google.cloud.bigquery.storage.v1.BigQueryRead/CreateReadSession';
const arrow = 2;

/** The table’s path, which also leads the request to its place. */
export function pathOf({ project, dataset, table }: TableName): string {
  return `projects/${project}/datasets/${dataset}/tables/${table}`;
}

/** `payer` is the project that pays. */
export function createReadSession(
  client: Client,
  metadata: Metadata,
  payer: string,
  request: SessionRequest,
  timeoutMs: number,
): Promise<StorageSession> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method,
      (given: SessionRequest) => encodeRequest(payer, given),
      decodeSession,
      request,
      metadata,
      { deadline: Date.now() + timeoutMs },
      (failure, session) => (failure ? reject(failure) : resolve(session!)),
    );
  });
}

function encodeRequest(payer: string, { table, columns, restriction, at, streams }: SessionRequest): Buffer {
  const options = message(
    ...columns.map((name) => bytesField(1, name)),
    ...(restriction === '' ? [] : [bytesField(2, restriction)]),
  );
  const session = message(
    numberField(3, arrow),
    bytesField(6, pathOf(table)),
    ...(at === null ? [] : [bytesField(7, bytesField(1, timestamp(at)))]),
    bytesField(8, options),
  );
  return message(bytesField(1, `projects/${payer}`), bytesField(2, session), numberField(3, streams));
}

function timestamp(micros: bigint): Buffer {
  return message(numberField(1, Number(micros / 1_000_000n)), numberField(2, Number(micros % 1_000_000n) * 1_000));
}

function decodeSession(bytes: Buffer): StorageSession {
  const session: StorageSession = { schema: new Uint8Array(0), streams: [], estimatedBytes: 0, estimatedRows: 0 };
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 5) session.schema = onlyBytes(value);
    if (field === 10) session.streams.push(Buffer.from(onlyBytes(value)).toString('utf8'));
    if (field === 12) session.estimatedBytes = Number(value);
    if (field === 14) session.estimatedRows = Number(value);
  }
  return session;
}

/** The first field of a message, which is its only one that matters: the bytes of a schema, the name of a stream. */
function onlyBytes(value: number | Uint8Array): Uint8Array {
  for (const [field, inner] of typeof value === 'number' ? [] : fieldsOf(value))
    if (field === 1 && typeof inner !== 'number') return inner;
  return new Uint8Array(0);
}
