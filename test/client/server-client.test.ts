import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServerClient } from '../../src/client/server-client.ts';

const server = createServer((_, response) => {
  setTimeout(() => response.setHeader('content-type', 'application/json').end('{"asked":true}'), 2_500);
});
let client: ServerClient;

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = new ServerClient({ url: `http://127.0.0.1:${port}`, token: null }, { stallMs: 500 });
});

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('a silent server counts as gone, unless it was asked something that takes a source to answer', async () => {
  const [given, patient] = await Promise.allSettled([
    client.json('/api/sync/manifest'),
    client.json('/api/admin/registry', { method: 'POST', body: {}, patient: true }),
  ]);
  expect(given).toMatchObject({ status: 'rejected', reason: { code: 'unreachable', retryable: true } });
  expect(patient).toMatchObject({ status: 'fulfilled', value: { body: { asked: true } } });
});
