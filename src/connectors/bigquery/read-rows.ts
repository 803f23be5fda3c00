/** ReadRows: the answers of a stream, whose bytes stay where they arrived, and no more of them than are taken. Field numbers: storage.proto of googleapis. */
import { type Client, type ClientReadableStream, InterceptingCall, type Metadata } from '@grpc/grpc-js';
import { bytesField, fieldsOf, message, numberField } from './protobuf.ts';
import type { StreamRoom } from './read-room.ts';

export interface Answer {
  rows: number;
  /** A bare record batch of Arrow; empty where the answer brings none. */
  batch: Uint8Array;
}

const method = '/google.cloud.bigquery.storage.v1.BigQueryRead/ReadRows';
const answerField = { batch: 4, rows: 6 } as const;
const batchField = { bytes: 1 } as const;

/** The answers of a stream from a row on, as many at a time as `room` holds. The call is over when the consumer leaves. */
export async function* readRows(
  client: Client,
  metadata: Metadata,
  { stream, offset }: { stream: string; offset: number },
  room: StreamRoom,
  within: <T>(work: Promise<T>) => Promise<T>,
): AsyncGenerator<Answer> {
  const call: ClientReadableStream<Answer> = client.makeServerStreamRequest(
    method,
    encodeRequest,
    decodeAnswer,
    { stream, offset },
    metadata,
    { interceptors: [(options, next) => new PacedCall(next(options), room)] },
  );
  const answers = (call as AsyncIterable<Answer>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await within(answers.next());
      if (next.done) return;
      room.taken(next.value.batch.length);
      yield next.value;
      room.done();
    }
  } finally {
    room.close();
    // Also when the consumer has had enough: an open call would hold the connection. What it says of its end interests nobody any more.
    call.on('error', () => {});
    call.cancel();
  }
}

/** Asks for each answer when there is room for it; until then the connection's own window holds the sender back. */
class PacedCall extends InterceptingCall {
  private readonly room: StreamRoom;

  constructor(call: ConstructorParameters<typeof InterceptingCall>[0], room: StreamRoom) {
    super(call, {
      start: (metadata, _listener, begin) =>
        begin(metadata, {
          onReceiveMessage: (answer: Answer, forward) => {
            room.arrived(answer.batch.length);
            forward(answer);
          },
        }),
    });
    this.room = room;
  }

  override startRead(): void {
    this.room.next(() => super.startRead());
  }
}

/** ReadRowsRequest: `read_stream` and `offset`. */
function encodeRequest({ stream, offset }: { stream: string; offset: number }): Buffer {
  return message(bytesField(1, stream), numberField(2, offset));
}

/** ReadRowsResponse: `row_count`, and `serialized_record_batch` of `arrow_record_batch`. */
function decodeAnswer(bytes: Buffer): Answer {
  const answer: Answer = { rows: 0, batch: new Uint8Array(0) };
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === answerField.rows && typeof value === 'number') answer.rows = value;
    if (field !== answerField.batch || typeof value === 'number') continue;
    for (const [inner, part] of fieldsOf(value))
      if (inner === batchField.bytes && typeof part !== 'number') answer.batch = part;
  }
  return answer;
}
