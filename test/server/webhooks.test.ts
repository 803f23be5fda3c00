/** The door for pushed events, over real HTTP: what is answered, what is kept, and what it does to everyone else. */
import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askLag } from '../../src/cli/ask-lag.ts';
import { until } from '../helpers/instance.ts';
import { type TestServer, testServer } from '../helpers/server.ts';

const secret = 'a shared secret';
const logged: string[] = [];
let server: TestServer;

beforeAll(async () => {
  const settings = {
    table: 'orders_told',
    secret_env: 'TOLD_SECRET',
    signature: 'hmac-sha256',
    key: ['id'],
    version: 'v',
    columns: { id: { path: 'id' }, total: { path: 'total', type: 'BIGINT' } },
    max_body: 20_000,
  };
  const sources = new Map([
    ['told', { name: 'told', type: 'webhook', schedule: null, settings }],
    [
      'mute',
      { name: 'mute', type: 'webhook', schedule: null, settings: { ...settings, table: 'mute', secret_env: 'UNSET' } },
    ],
  ]);
  const note = (...said: unknown[]) => logged.push(JSON.stringify(said));
  const log = { info: note, warn: note, error: note };
  server = await testServer({ sources }, { environment: { TOLD_SECRET: secret }, log });
});

afterAll(() => server.stop());

const sign = (body: string) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

async function push(body: string, headers: Record<string, string | null> = {}, source = 'told') {
  return server.ask('POST', `/webhooks/${source}`, body, {
    authorization: null,
    'x-signature': sign(body),
    ...headers,
  });
}

const event = (id: string, total: number, v = 1) => JSON.stringify({ id, total, v });

test('a signed event is answered 200 with its place, and is in the master seconds later', async () => {
  const { status, json } = await push(event('a', 3));
  expect(status).toBe(200);
  expect(json.sequence).toBeGreaterThan(0);
  await until(async () => {
    const manifest = (await server.ask('GET', '/api/sync/manifest')).json;
    return manifest.tables.orders_told?.rows === 1;
  });
});

test.each<[string, () => Promise<{ status: number }>, number]>([
  ['a bad signature', () => push(event('b', 1), { 'x-signature': sign('other') }), 401],
  ['no signature', () => push(event('b', 1), { 'x-signature': null }), 401],
  ['signed text that is not JSON', () => push('{"id": '), 400],
  ['signed JSON that is no object', () => push('[]'), 400],
  ['a signed empty body', () => push(''), 400],
  ['a body over the cap', () => push(JSON.stringify({ id: 'x', v: 1, fill: 'x'.repeat(20_000) })), 413],
  ['a source without its secret', () => push(event('b', 1), {}, 'mute'), 503],
  ['an unknown source', () => push(event('b', 1), {}, 'nobody'), 404],
  ['another case in the path', () => server.ask('POST', '/Webhooks/told', event('b', 1)), 404],
  ['another verb', () => server.ask('PUT', '/webhooks/told', event('b', 1)), 405],
  ['another content type', () => push(event('t', 1), { 'content-type': 'text/plain' }), 200],
  ['a content type that is none', () => push(event('t', 1), { 'content-type': ';;;' }), 200],
  ['ten thousand bytes of headers', () => push(event('t', 1), { 'x-fill': 'x'.repeat(10_000) }), 200],
  ['no content type', () => bare(event('n', 1)), 200],
])('%s is answered as it should be', async (_what, send, status) => {
  expect((await send()).status).toBe(status);
});

test('S11 what stands in the address of a request is masked in the log, refused or not', async () => {
  logged.length = 0;
  const body = event('logged', 1);
  for (const signature of [sign(body), 'sha256=00']) {
    const path = '/webhooks/told?token=abcdef&jwt=qwertz&key=https://ann:abcdef@x.example/';
    await server.ask('POST', path, body, { authorization: null, 'x-signature': signature });
  }
  expect(logged.filter((line) => line.includes('/webhooks/told'))).toHaveLength(2);
  expect(logged.join('\n')).not.toMatch(/abcdef|qwertz/);
});

/** A request without any content type, in chunks. */
function bare(body: string): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${server.url}/webhooks/told`, {
      method: 'POST',
      headers: { 'x-signature': sign(body) },
    });
    outgoing.on('response', (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode ?? 0 });
    });
    outgoing.on('error', reject);
    outgoing.write(body.slice(0, 5));
    setTimeout(() => outgoing.end(body.slice(5)), 20);
  });
}

test('a chunked body without end is cut off at the cap while others are served', async () => {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let answered = '';
  socket.on('data', (data) => {
    answered += data.toString();
  });
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.on('error', () => {});
  socket.write('POST /webhooks/told HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
  const pump = setInterval(() => socket.write(`1000\r\n${'x'.repeat(4096)}\r\n`), 2);
  expect((await push(event('meanwhile', 1))).status).toBe(200);
  await closed;
  clearInterval(pump);
  expect(answered).toContain('413');
});

test('a sync of a pushed source makes live what waits', async () => {
  await push(event('waiting', 7));
  const job = await server.sync({ sources: ['told'] });
  expect(job.status).toBe('succeeded');
  expect(job.notes.join(' ')).toMatch(/\d+ events waited to be applied/);
  expect(job.tables.find((table) => table.id === 'orders_told')).toMatchObject({ status: 'succeeded' });
});

test('tables of a pushed source are registered by the source itself', async () => {
  const { json } = await server.ask('GET', '/api/admin/registry');
  const ids = json.tables.map((table: { id: string }) => table.id);
  expect(ids).toEqual(expect.arrayContaining(['orders_told', 'orders_told_events', 'orders_told_ingest']));
});

test('a table that its source fills is not unregistered under it: the source would bring it back', async () => {
  const { status, json } = await server.ask('DELETE', '/api/admin/registry/orders_told');
  expect(status).toBe(409);
  expect(json).toMatchObject({ code: 'conflict', hint: expect.stringContaining('configuration') });
  expect((await push(event('still', 1))).status).toBe(200);
});

test('health tells nothing of sources or secrets', async () => {
  const { bytes } = await server.ask('GET', '/api/health?probe=ready', undefined, { authorization: null });
  expect(bytes.toString()).not.toMatch(/told|mute|secret/i);
});

test('the lag of pushed events is told to whoever looks at a copy, and falls to nothing', async () => {
  await push(event('lagging', 9));
  await until(async () => {
    const { json } = await server.ask('GET', '/api/admin/sources/told/receive');
    return json.lag_ms === 0 && json.inbox_depth === 0 && json.applier?.waiting_bytes === 0;
  });
  await until(async () => (await askLag(server.url))?.lag_ms === 0);
  expect(await askLag(server.url)).toMatchObject({ sources: 2, inbox_depth: 0 });
  expect(await askLag('http://127.0.0.1:9')).toBeNull();
});

test('an operator sees how far a source is, what was kept aside, and lets it pass', async () => {
  const base = '/api/admin/sources/told';
  await push('{"v": 1, "half": true}');
  expect((await push('[7]')).status).toBe(400);
  await until(async () => {
    const { json } = await server.ask('GET', `${base}/receive`);
    return json.applier?.quarantined >= 2 && json.inbox_depth === 0;
  });
  const { json: kept } = await server.ask('GET', `${base}/quarantine`);
  const event = kept.events.find((one: { bytes: number }) => one.bytes === 3);
  const shown = await server.ask('GET', `${base}/quarantine/${event.id}`);
  expect(shown.json).toMatchObject({ body: '[7]', reason: 'The event is not a JSON object.' });
  expect((await server.ask('POST', `${base}/quarantine/${event.id}/release`)).json.sequence).toBeGreaterThan(0);
  const replayed = await server.ask('POST', `${base}/replay`);
  expect(replayed.json).toMatchObject({ status: 'done', report: { equal: true } });
  expect((await server.ask('POST', `${base}/reconcile`)).json.code).toBe('unsupported');
  expect((await server.ask('POST', '/api/admin/sources/nobody/replay')).status).toBe(404);
});
