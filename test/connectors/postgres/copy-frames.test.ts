import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CopyFrames } from '../../../src/connectors/postgres/copy-frames.ts';
import { copyOut, RowTooLong } from '../../../src/connectors/postgres/copy-out.ts';
import { startTestPostgres, type TestPostgres } from '../../helpers/postgres-server.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startTestPostgres();
});

afterAll(() => server?.stop());

function message(kind: string, payload: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.write(kind);
  header.writeInt32BE(payload.length + 4, 1);
  return Buffer.concat([header, payload]);
}

it('gives the same rows and messages wherever the network cuts the stream', () => {
  const part = fc.oneof(
    fc.record({ kind: fc.constant('d'), payload: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ kind: fc.constantFrom('H', 'N', 'S', 'c', 'C', 'Z', 'E'), payload: fc.uint8Array({ maxLength: 12 }) }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(), { maxLength: 20 }), (parts, cuts) => {
      const stream = Buffer.concat(parts.map(({ kind, payload }) => message(kind, Buffer.from(payload))));
      const borders = [...new Set([0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length])].sort(
        (a, b) => a - b,
      );
      const rows: Buffer[] = [];
      const control: Buffer[] = [];
      const frames = new CopyFrames(
        (bytes) => rows.push(Buffer.from(bytes)),
        (bytes) => control.push(Buffer.from(bytes)),
      );
      for (let index = 1; index < borders.length; index++) {
        frames.push(Buffer.from(stream.subarray(borders[index - 1], borders[index])));
      }
      const data = parts.filter(({ kind }) => kind === 'd');
      expect(Buffer.concat(rows).toString('hex')).toBe(
        Buffer.concat(data.flatMap(({ payload }) => [Buffer.from('0000\t'), Buffer.from(payload)])).toString('hex'),
      );
      expect(control.map((bytes) => bytes.toString('hex'))).toEqual(
        parts
          .filter(({ kind }) => kind !== 'd')
          .map(({ kind, payload }) => message(kind, Buffer.from(payload)).toString('hex')),
      );
      expect(frames.rows).toBe(data.length);
      expect(frames.longestRow).toBe(Math.max(0, ...data.map(({ payload }) => payload.length)));
    }),
    { numRuns: 500 },
  );
});

it('leaves the connection ready for the next statement, after an error too', async () => {
  const client = await server.connect();
  const bytes: Buffer[] = [];
  const sink = async (chunk: Buffer) => void bytes.push(Buffer.from(chunk));
  await expect(
    copyOut(client, 'COPY (SELECT 1 / (i - 3) FROM generate_series(1, 9) i) TO STDOUT', sink),
  ).rejects.toMatchObject({ code: '22012' });
  await expect(copyOut(client, 'COPY nowhere TO STDOUT', sink)).rejects.toMatchObject({ code: '42P01' });
  bytes.length = 0;
  expect(await copyOut(client, "COPY (SELECT i, 'x' FROM generate_series(1, 3) i) TO STDOUT", sink)).toEqual({
    rows: 3,
    longestRow: 4,
  });
  expect(Buffer.concat(bytes).toString()).toBe('0000\t1\tx\n0000\t2\tx\n0000\t3\tx\n');
  expect((await client.query('SELECT 7 AS seven')).rows).toEqual([{ seven: 7 }]);
});

it('waits for a slow sink and stops when the sink fails or a row is too long', async () => {
  const slow = await server.connect();
  let waiting = 0;
  let most = 0;
  const { rows } = await copyOut(
    slow,
    "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000)) TO STDOUT",
    async (chunk) => {
      waiting += chunk.length;
      most = Math.max(most, waiting);
      await new Promise((resolve) => setTimeout(resolve, 1));
      waiting -= chunk.length;
    },
  );
  expect(rows).toBe(20_000);
  expect(most).toBeLessThan(2 << 20);
  const failing = await server.connect();
  await expect(
    copyOut(failing, 'COPY (SELECT 1) TO STDOUT', async () => Promise.reject(new Error('full'))),
  ).rejects.toThrow('full');
  const long = await server.connect();
  await expect(
    copyOut(long, "COPY (SELECT repeat('x', 5000)) TO STDOUT", async () => {}, 4_000),
  ).rejects.toBeInstanceOf(RowTooLong);
});
