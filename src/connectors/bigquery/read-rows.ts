/** ReadRows: the answers of a stream, whose bytes stay where they arrived, and no more of them than are taken. Field numbers: storage.proto of googleapis. */
import {
  type Client,
  type ClientReadableStream,
  InterceptingCall,
  type Interceptor,
  type Metadata,
} from '@grpc/grpc-js';
import { bytesField, fieldsOf, message, numberField } from './protobuf.ts';

export interface Answer {
  rows: number;
  /** A bare record batch of Arrow; empty where the answer brings none. */
  batch: Uint8Array;
}

const method = '/google.cloud.bigquery.storage.v1.BigQueryRead/ReadRows';
const answerField = { batch: 4, rows: 6 } as const;
const batchField = { bytes: 1 } as const;

/** Bytes of answers that wait for being taken, beside the one that arrives. */
const mostWaiting = 4 << 20;

/** The answers of a stream from a row on. The call is over when the consumer leaves. */
export async function* readRows(
  client: Client,
  metadata: Metadata,
  stream: string,
  offset: number,
  within: <T>(work: Promise<T>) => Promise<T>,
): AsyncGenerator<Answer> {
  const gate = openGate();
  const call: ClientReadableStream<Answer> = client.makeServerStreamRequest(
    method,
    encodeRequest,
    decodeAnswer,
    { stream, offset },
    metadata,
    { interceptors: [gate.interceptor] },
  );
  const answers = (call as AsyncIterable<Answer>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await within(answers.next());
      if (next.done) return;
      gate.taken(next.value);
      yield next.value;
    }
  } finally {
    // Also when the consumer has had enough: an open call would hold the connection. What it says of its end interests nobody any more.
    call.on('error', () => {});
    call.cancel();
  }
}

/** Lets an answer through when little enough waits; until then the connection's own window holds the sender back. */
function openGate(): { interceptor: Interceptor; taken(answer: Answer): void } {
  let waiting = 0;
  let held: (() => void) | null = null;
  return {
    interceptor: (options, next) =>
      new InterceptingCall(next(options), {
        start: (metadata, _listener, begin) =>
          begin(metadata, {
            onReceiveMessage: (answer: Answer, forward) => {
              const pass = () => {
                waiting += answer.batch.length;
                forward(answer);
              };
              if (waiting === 0 || waiting + answer.batch.length <= mostWaiting) pass();
              else held = pass;
            },
          }),
      }),
    taken: ({ batch }) => {
      waiting -= batch.length;
      const pass = held;
      held = null;
      pass?.();
    },
  };
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
