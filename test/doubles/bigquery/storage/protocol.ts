/** The BigQueryRead service of the official package, as method definitions for a gRPC server. */
import { protos } from '@google-cloud/bigquery-storage';
import type { ServiceDefinition } from '@grpc/grpc-js';

const v1 = protos.google.cloud.bigquery.storage.v1;
type V1 = typeof v1;

export type CreateReadSessionRequest = InstanceType<V1['CreateReadSessionRequest']>;
export type ReadRowsRequest = InstanceType<V1['ReadRowsRequest']>;
export type SplitReadStreamRequest = InstanceType<V1['SplitReadStreamRequest']>;

export const { ReadSession, ReadRowsResponse, SplitReadStreamResponse } = v1;

/** Answers are encoded by the handlers, once, and sent as they are. */
const asTheyAre = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function method<T>(name: string, decode: (bytes: Buffer) => T, responseStream: boolean) {
  return {
    path: `/google.cloud.bigquery.storage.v1.BigQueryRead/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: decode,
    responseSerialize: asTheyAre,
    responseDeserialize: (bytes: Buffer) => bytes,
  };
}

export const readService: ServiceDefinition = {
  CreateReadSession: method('CreateReadSession', (b) => v1.CreateReadSessionRequest.decode(b), false),
  ReadRows: method('ReadRows', (b) => v1.ReadRowsRequest.decode(b), true),
  SplitReadStream: method('SplitReadStream', (b) => v1.SplitReadStreamRequest.decode(b), false),
};
