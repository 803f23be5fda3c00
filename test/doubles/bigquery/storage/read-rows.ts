/** ReadRows: the messages of a stream from a row offset on, with the reader's pace and the scripted faults. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import type { FaultAction } from '../control/faults.ts';
import { batchFrom } from './arrow-messages.ts';
import type { Batch } from './batches.ts';
import { type ReadRowsRequest, ReadRowsResponse } from './protocol.ts';
import type { Session, Stream } from './sessions.ts';
import { StatusError } from './status-error.ts';

type Call = ServerWritableStream<ReadRowsRequest, Uint8Array>;

/** Encoded answers by batch: a second reading sends the same bytes. */
const encoded = new WeakMap<Batch, Uint8Array>();

export async function sendRows(call: Call, session: Session, stream: Stream, fault: FaultAction): Promise<void> {
  if (fault.delayMs) await sleep(fault.delayMs, undefined, { ref: false });
  let sent = 0;
  for (const message of messagesFrom(session, stream, Number(call.request.offset) - (fault.shiftOffset ?? 0))) {
    if (fault.grpc && sent >= (fault.grpc.afterMessages ?? 0))
      throw new StatusError(fault.grpc.code, fault.grpc.message);
    if (fault.wedgeAfterMessages !== undefined && sent >= fault.wedgeAfterMessages) return waitForCancel(call);
    if (fault.loseMessage !== sent) await write(call, sent === 0 ? withSchema(message, session) : message);
    if (fault.repeatMessage === sent) await write(call, message);
    sent++;
    if (call.cancelled) return;
  }
  if (fault.grpc) throw new StatusError(fault.grpc.code, fault.grpc.message);
  if (fault.wedgeAfterMessages !== undefined) return waitForCancel(call);
  call.end();
}

function* messagesFrom(session: Session, stream: Stream, offset: number): Generator<Uint8Array> {
  const batches = session.content.batches.slice(stream.from, stream.to);
  const total = batches.reduce((sum, b) => sum + b.rows, 0);
  if (offset > total)
    throw new StatusError(
      status.OUT_OF_RANGE,
      `there was an error operating on '${stream.name}': offset ${offset} is past its ${total} rows`,
    );
  let before = 0;
  for (const batch of batches) {
    const skip = Math.max(0, offset - before);
    before += batch.rows;
    if (skip >= batch.rows) continue;
    stream.sent = Math.max(stream.sent ?? 0, before);
    yield skip === 0
      ? responseOf(batch)
      : encode(batch.rows - skip, batchFrom(session.content.schema, batch.message, skip));
  }
}

function responseOf(batch: Batch): Uint8Array {
  const known = encoded.get(batch) ?? encode(batch.rows, batch.message);
  encoded.set(batch, known);
  return known;
}

function encode(rows: number, message: Uint8Array): Uint8Array {
  return ReadRowsResponse.encode({
    rowCount: rows,
    arrowRecordBatch: { serializedRecordBatch: message, rowCount: rows },
    throttleState: { throttlePercent: 0 },
    uncompressedByteSize: message.length,
  }).finish();
}

/** The first answer of a call repeats the schema; protobuf messages merge when their bytes are joined. */
function withSchema(message: Uint8Array, session: Session): Uint8Array {
  const schema = ReadRowsResponse.encode({ arrowSchema: { serializedSchema: session.content.schema } }).finish();
  return Buffer.concat([message, schema]);
}

async function write(call: Call, message: Uint8Array): Promise<void> {
  if (call.write(message)) return;
  const gone = new AbortController();
  call.once('cancelled', () => gone.abort());
  if (!call.cancelled) await once(call, 'drain', { signal: gone.signal }).catch(() => undefined);
}

async function waitForCancel(call: Call): Promise<void> {
  if (!call.cancelled) await once(call, 'cancelled');
}
