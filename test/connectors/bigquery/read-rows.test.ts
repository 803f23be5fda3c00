import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, Metadata, Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { ReadRoom } from '../../../src/connectors/bigquery/read-room.ts';
import { readRows } from '../../../src/connectors/bigquery/read-rows.ts';

const megabyte = 1 << 20;
const messages = 100;
const whole = { stream: 'stream', offset: 0 };

/** ReadRowsResponse of one row: `arrow_record_batch` {`serialized_record_batch`}, then `row_count`. */
function answer(bytes: number): Buffer {
  const length = (value: number) => [(value & 0x7f) | 0x80, ((value >> 7) & 0x7f) | 0x80, value >> 14];
  const batch = Buffer.concat([Buffer.from([0x0a, ...length(bytes)]), Buffer.alloc(bytes, 7)]);
  return Buffer.concat([Buffer.from([0x22, ...length(batch.length)]), batch, Buffer.from([0x30, 1])]);
}

test('a reader that is slow holds the sender back, whatever the stream holds', async () => {
  let sent = 0;
  const server = new Server();
  const method = {
    path: '/google.cloud.bigquery.storage.v1.BigQueryRead/ReadRows',
    requestStream: false as const,
    responseStream: true as const,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  };
  server.addService(
    { ReadRows: method },
    {
      ReadRows: async (call: ServerWritableStream<Buffer, Buffer>) => {
        for (; sent < messages; sent += 1) if (!call.write(answer(megabyte))) await once(call, 'drain');
        call.end();
      },
    },
  );
  const port = await new Promise<number>((bound, failed) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, free) =>
      error ? failed(error) : bound(free),
    ),
  );
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    let rows = 0;
    for await (const { rows: more, batch } of readRows(
      client,
      new Metadata(),
      whole,
      new ReadRoom().stream(),
      (work) => work,
    )) {
      if (rows === 0) {
        for (let before = -1; before !== sent; await sleep(300)) before = sent;
        // What waits here, what arrives, and what both sides of the connection hold; without a bound it would be twice as much.
        expect(sent).toBeLessThan(20);
      }
      rows += more;
      expect(batch).toHaveLength(megabyte);
    }
    expect(rows).toBe(messages);
  } finally {
    client.close();
    server.forceShutdown();
  }
});
