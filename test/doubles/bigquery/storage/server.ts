/** The gRPC side: BigQueryRead in plaintext on loopback. */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { FaultAction, Method } from '../control/faults.ts';
import { ServiceError } from '../rest/service-error.ts';
import type { Service } from '../service.ts';
import { type BatchCache, keepBatches } from './batches.ts';
import {
  type CreateReadSessionRequest,
  type ReadRowsRequest,
  ReadSession,
  readService,
  type SplitReadStreamRequest,
  SplitReadStreamResponse,
} from './protocol.ts';
import { sendRows } from './read-rows.ts';
import { readSessionRequest } from './session-request.ts';
import { denied, openSession, type Session, type Stream } from './sessions.ts';
import { asStatus, StatusError } from './status-error.ts';

export interface StorageServer {
  /** host:port */
  endpoint: string;
  sessions: Map<string, Session>;
  cache: BatchCache;
  stop(): Promise<void>;
}

export async function startStorageServer(service: Service): Promise<StorageServer> {
  const sessions = new Map<string, Session>();
  const cache = keepBatches();
  const server = new Server({ 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 });
  server.addService(readService, {
    CreateReadSession: unary<CreateReadSessionRequest>(
      service,
      'CreateReadSession',
      (r) => r.readSession?.table ?? '',
      async (request) => {
        const session = await openSession(service, cache, readSessionRequest(request));
        sessions.set(session.name, session);
        return encodedSession(session);
      },
    ),
    SplitReadStream: unary<SplitReadStreamRequest>(
      service,
      'SplitReadStream',
      (r) => r.name,
      async (request) => splitStream(service, sessions, request),
    ),
    ReadRows: (call: ServerWritableStream<ReadRowsRequest, Uint8Array>) => {
      const fault = enter(service, 'ReadRows', call.request.readStream, call.metadata.get('authorization'));
      // The server turns an emitted error into the call's status; destroying the call would send none.
      readRows(service, sessions, call, fault).catch((error: unknown) => call.emit('error', asStatus(error)));
    },
  });
  const port = await new Promise<number>((bound, failed) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, free) =>
      error ? failed(error) : bound(free),
    );
  });
  return { endpoint: `127.0.0.1:${port}`, sessions, cache, stop: async () => server.forceShutdown() };
}

/** Notes the call and says what goes wrong with it. */
function enter(service: Service, method: Method, target: string, credentials: unknown[]): FaultAction {
  service.journal.calls.push({ method, target });
  if (credentials.length > 0)
    service.journal.violations.push(`${method}: a credential was sent to a plaintext endpoint`);
  return service.faults.take(method);
}

function unary<T>(
  service: Service,
  method: Method,
  target: (request: T) => string,
  handle: (request: T) => Promise<Uint8Array>,
) {
  return (call: ServerUnaryCall<T, Uint8Array>, reply: sendUnaryData<Uint8Array>) => {
    const fault = enter(service, method, target(call.request), call.metadata.get('authorization'));
    if (fault.hang) return;
    answer(fault, () => handle(call.request)).then(
      (bytes) => reply(null, bytes),
      (error: unknown) => reply(asStatus(error)),
    );
  };
}

async function answer(fault: FaultAction, handle: () => Promise<Uint8Array>): Promise<Uint8Array> {
  await fault.meanwhile?.();
  if (fault.delayMs) await sleep(fault.delayMs, undefined, { ref: false });
  if (fault.grpc) throw new StatusError(fault.grpc.code, fault.grpc.message);
  if (fault.http) throw asStatus(new ServiceError(fault.http.reason, fault.http.message));
  return handle();
}

async function readRows(
  service: Service,
  sessions: Map<string, Session>,
  call: ServerWritableStream<ReadRowsRequest, Uint8Array>,
  fault: FaultAction,
): Promise<void> {
  await fault.meanwhile?.();
  const { session, stream } = findStream(service, sessions, call.request.readStream);
  service.care.offset(stream.name, Number(call.request.offset), stream.sent ?? 0);
  await sendRows(call, session, stream, fault);
}

function findStream(
  service: Service,
  sessions: Map<string, Session>,
  name: string,
): { session: Session; stream: Stream } {
  const session = sessions.get(name.replace(/\/streams\/[^/]*$/, ''));
  const stream = session?.streams.find((s) => s.name === name);
  if (!session || !stream)
    throw new StatusError(status.NOT_FOUND, `there was an error operating on '${name}': no such stream`);
  const project = /^projects\/([^/]+)/.exec(name)?.[1] ?? '';
  if (!service.permissions.allows('bigquery.readsessions.getData', project))
    throw denied('bigquery.readsessions.getData', name);
  if (session.expiresMs <= service.warehouse.clock.nowMs()) {
    const when = new Date(session.expiresMs).toISOString();
    throw new StatusError(
      status.FAILED_PRECONDITION,
      `there was an error operating on '${name}': session expired at ${when}`,
    );
  }
  return { session, stream };
}

/** Cuts a stream at a message; the old one stays readable, as in the service. */
function splitStream(
  service: Service,
  sessions: Map<string, Session>,
  { name, fraction }: SplitReadStreamRequest,
): Uint8Array {
  const { session, stream } = findStream(service, sessions, name);
  const middle = stream.from + Math.round((stream.to - stream.from) * (fraction || 0.5));
  if (middle <= stream.from || middle >= stream.to) return SplitReadStreamResponse.encode({}).finish();
  const primary = { name: `${name}a`, from: stream.from, to: middle };
  const remainder = { name: `${name}b`, from: middle, to: stream.to };
  session.streams.push(primary, remainder);
  return SplitReadStreamResponse.encode({
    primaryStream: { name: primary.name },
    remainderStream: { name: remainder.name },
  }).finish();
}

function encodedSession(session: Session): Uint8Array {
  return ReadSession.encode({
    name: session.name,
    table: session.table,
    dataFormat: 'ARROW',
    expireTime: { seconds: Math.floor(session.expiresMs / 1000), nanos: (session.expiresMs % 1000) * 1e6 },
    arrowSchema: { serializedSchema: session.content.schema },
    streams: session.streams.map(({ name }) => ({ name })),
    estimatedTotalBytesScanned: session.estimatedBytes,
    estimatedRowCount: session.content.rows,
  }).finish();
}
