import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { BodyBudget } from '../../src/server/body-budget.ts';
import { readRawBody } from '../../src/server/read-raw-body.ts';

function requestOf(...chunks: string[]): IncomingMessage {
  const stream = Object.assign(new PassThrough(), { headers: {} });
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return stream as unknown as IncomingMessage;
}

test('the exact bytes come back, whatever chunks they came in', async () => {
  const body = await readRawBody(requestOf('{"a"', ':1', '}'), 100, new BodyBudget(100));
  expect(body.toString()).toBe('{"a":1}');
});

test('one that is too large is refused for good, many that are too much together for now', async () => {
  const budget = new BodyBudget(15);
  await expect(readRawBody(requestOf('x'.repeat(11)), 10, budget)).rejects.toMatchObject({ code: 'body_too_large' });
  const first = requestOf('x'.repeat(10));
  await readRawBody(first, 10, budget);
  await expect(readRawBody(requestOf('x'.repeat(10)), 10, budget)).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
  });
  budget.release(first);
  await expect(readRawBody(requestOf('x'.repeat(10)), 10, budget)).resolves.toHaveLength(10);
});
