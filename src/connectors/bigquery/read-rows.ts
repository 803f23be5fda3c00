/**
 * ReadRows as a call of the official client's connection that leaves the bytes of an answer where they are, and brings no more answers than are taken.
 * The client's own way turns each answer into objects and holds up to 32 of them for each stream, which may be a gigabyte. Field numbers: storage.proto of googleapis.
 */
import { type Client, type ClientReadableStream, InterceptingCall, type Interceptor, Metadata } from '@grpc/grpc-js';

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
  stream: string,
  offset: number,
  within: <T>(work: Promise<T>) => Promise<T>,
): AsyncGenerator<Answer> {
  const gate = openGate();
  const metadata = new Metadata();
  metadata.set('x-goog-request-params', `read_stream=${encodeURIComponent(stream)}`);
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
  const name = Buffer.from(stream);
  return Buffer.concat([
    Buffer.from([(1 << 3) | 2, ...varint(name.length)]),
    name,
    Buffer.from([2 << 3, ...varint(offset)]),
  ]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
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

const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** The fields of a protobuf message: numbers, and bytes as views. */
function* fieldsOf(bytes: Uint8Array): Generator<[field: number, value: number | Uint8Array]> {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++];
      if (byte === undefined) throw cutOff();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = number();
    const field = Math.floor(tag / 8);
    if (tag % 8 === wire.varint) yield [field, number()];
    else {
      const length = lengthOf(tag % 8, number);
      if (at + length > bytes.length) throw cutOff();
      yield [field, bytes.subarray(at, at + length)];
      at += length;
    }
  }
}

function lengthOf(type: number, number: () => number): number {
  if (type === wire.fixed64) return 8;
  if (type === wire.fixed32) return 4;
  if (type === wire.bytes) return number();
  throw cutOff();
}

const cutOff = () => new Error('an answer is no message of the Storage Read API');
