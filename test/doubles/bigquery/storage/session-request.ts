/** A CreateReadSession request in the double's terms; formats it cannot write are refused, never sent wrong. */
import { status } from '@grpc/grpc-js';
import type { CreateReadSessionRequest } from './protocol.ts';
import type { SessionRequest } from './sessions.ts';
import { StatusError } from './status-error.ts';

const arrow = 2;

export function readSessionRequest(request: CreateReadSessionRequest): SessionRequest {
  const { readSession, parent, maxStreamCount } = request;
  const options = readSession?.readOptions;
  if (readSession?.dataFormat !== arrow)
    throw new StatusError(status.UNIMPLEMENTED, 'request failed: this double writes ARROW only');
  if (options?.arrowSerializationOptions?.bufferCompression || options?.responseCompressionCodec) {
    throw new StatusError(
      status.UNIMPLEMENTED,
      'request failed: this double compresses nothing: leave compression unset',
    );
  }
  const at = readSession.tableModifiers?.snapshotTime;
  return {
    parent,
    table: readSession.table ?? '',
    selectedFields: options?.selectedFields ?? [],
    rowRestriction: options?.rowRestriction ?? '',
    maxStreams: maxStreamCount,
    ...(at ? { snapshotMicros: Number(at.seconds ?? 0) * 1_000_000 + Math.floor((at.nanos ?? 0) / 1000) } : {}),
  };
}
