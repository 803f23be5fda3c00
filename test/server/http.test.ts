import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from '../../src/server/problem.ts';
import { adminToken, documentedRoutes, type TestServer, testServer } from '../helpers/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.stop());

describe('a request that does not fit', () => {
  it.each([
    ['GET', '/nothing', 404, 'not_found'],
    ['GET', '/api/nothing', 404, 'not_found'],
    ['GET', '/api/jobs/nonsense', 404, 'not_found'],
    ['GET', '/api/jobs/job_0123456789ab', 404, 'not_found'],
    ['GET', '/api/admin/sources/nowhere/tables', 404, 'not_found'],
    ['POST', '/api/admin/sources/nowhere/check', 404, 'not_found'],
    ['PUT', '/api/jobs', 405, 'method_not_allowed'],
    ['POST', '/api/health', 405, 'method_not_allowed'],
    ['DELETE', '/', 405, 'method_not_allowed'],
    ['GET', '/api/jobs?limit=x', 400, 'malformed'],
    ['GET', '/api/jobs?cursor=nonsense', 400, 'malformed'],
    ['GET', '/api/admin/registry?cursor=No+Name', 400, 'malformed'],
    ['GET', '/api/admin/registry/%ff', 400, 'malformed'],
    ['GET', '/api/data/%', 400, 'malformed'],
    ['GET', '/api/health?probe=dead', 400, 'malformed'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    const answer = await server.ask(method, path);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  it('says in Allow what would do', async () => {
    expect((await server.ask('PUT', '/api/admin/registry/orders')).headers.get('allow')).toBe(
      'DELETE, GET, HEAD, PATCH',
    );
  });

  it('is 415 for another media type, 400 for broken JSON and 413 for too much of it', async () => {
    const post = (body: string, type = 'application/json') =>
      server.ask('POST', '/api/sync/trigger', body, { 'content-type': type });
    expect(await post('tables=a', 'application/x-www-form-urlencoded')).toMatchObject({
      status: 415,
      json: { code: 'media_type' },
    });
    expect(await post('{"tables":')).toMatchObject({ status: 400, json: { code: 'malformed' } });
    expect(await post('{"__proto__": {"x": 1}}')).toMatchObject({ status: 400, json: { code: 'malformed' } });
    expect(await post(JSON.stringify({ tables: ['x'.repeat(300_000)] }))).toMatchObject({
      status: 413,
      json: { code: 'body_too_large' },
    });
  });

  it('without a body may still name its type', async () => {
    const answer = await server.ask('POST', '/api/sync/trigger', '', { 'content-type': 'application/json' });
    expect(answer.status).toBe(202);
  });
});

describe('every answer', () => {
  it('carries a request id: the caller’s own when harmless, else a new one', async () => {
    const id = async (given: string) =>
      (await server.ask('GET', '/api/health', undefined, { 'x-request-id': given })).headers.get('x-request-id');
    expect(await id('trace-1')).toBe('trace-1');
    expect(await id('a b<script>')).toMatch(/^[0-9a-f-]{36}$/);
    const problem = await server.ask('GET', '/api/nothing', undefined, { 'x-request-id': 'trace-2' });
    expect(problem.json.instance).toBe('trace-2');
  });

  it('is open about HEAD: the same status and headers, no body', async () => {
    for (const path of ['/api/health', '/', '/api/jobs', '/api/sync/manifest']) {
      const [get, head] = [await server.ask('GET', path), await server.ask('HEAD', path)];
      expect([head.status, head.bytes.length]).toEqual([get.status, 0]);
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
    }
  });

  const get = 'GET /api/health HTTP/1.1\r\n';
  const trigger = `POST /api/sync/trigger HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${adminToken}\r\n`;
  it.each([
    ['is nothing like HTTP', 'NOT HTTP AT ALL\r\n\r\n', 400, 'malformed'],
    ['has a method nobody knows', 'PLAY /api/health HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'malformed'],
    ['has no host', `${get}Connection: close\r\n\r\n`, 400, 'malformed'],
    ['has a header without a value', `${get}Host: a\r\nBroken\r\n\r\n`, 400, 'malformed'],
    ['has two lengths', `${trigger}Content-Length: 2\r\nContent-Length: 3\r\n\r\n`, 400, 'malformed'],
    ['has headers without end', `${get}Host: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    [
      'has a body in no chunks',
      `${trigger}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n`,
      400,
      'malformed',
    ],
  ])('is a problem document also where the request %s', async (_what, request, status, code) => {
    const [head = '', body = ''] = (await onTheWire(request)).split('\r\n\r\n', 2);
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/^content-type: application\/problem\+json$/im);
    expect(head).toMatch(new RegExp(`^content-length: ${Buffer.byteLength(body)}$`, 'im'));
    const problem = problemSchema.strict().parse(JSON.parse(body));
    expect(problem).toMatchObject({ status, code, hint: expect.any(String) });
    expect(head.toLowerCase()).toContain(`x-request-id: ${problem.instance}`);
    expect((await server.ask('GET', '/api/health')).status).toBe(200);
  });

  it('goes to a caller who expects what no server knows', async () => {
    expect(
      await onTheWire('GET /api/health HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nConnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 200/);
  });
});

/** What the server says to these bytes until it closes the connection. */
function onTheWire(bytes: string): Promise<string> {
  const { port } = new URL(server.url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

describe('health', () => {
  it('is cheap when alive and proves a write when ready, and tells no names', async () => {
    const alive = await server.ask('GET', '/api/health', undefined, { authorization: null });
    expect(alive.json).toEqual({ status: 'ok', version: expect.any(String), uptime_s: expect.any(Number) });
    const ready = await server.ask('GET', '/api/health?probe=ready', undefined, { authorization: null });
    expect(ready.json.ready).toMatchObject({ tables: 0, failing: 0, never_synced: 0, last_attempt: null });
    for (const secret of ['crm', server.directory, 'Test']) expect(ready.bytes.toString()).not.toContain(secret);
  });
});

describe('the page', () => {
  it('loads nothing from elsewhere', async () => {
    for (const path of ['/', '/page.js', '/page.css']) {
      const { status, bytes, headers } = await server.ask('GET', path, undefined, { authorization: null });
      expect(status).toBe(200);
      expect(bytes.toString()).not.toMatch(/https?:\/\//);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });
});

describe('sources', () => {
  it('are listed, probed and discovered, and say what is registered', async () => {
    await server.ask('POST', '/api/admin/registry', { name: 'orders', source_name: 'crm', source_table: 'orders' });
    const list = (await server.ask('GET', '/api/admin/sources')).json.sources;
    expect(list).toMatchObject([{ name: 'crm', type: 'duckdb', tables: 1, busy_with: null }]);
    expect(list[0].table_options.properties).toHaveProperty('where');
    expect((await server.ask('POST', '/api/admin/sources/crm/check')).json.summary).toContain('DuckDB');
    const offered = (await server.ask('GET', '/api/admin/sources/crm/tables')).json.tables;
    expect(offered).toMatchObject([{ source_table: 'orders', registered_as: ['orders'] }]);
    await server.source('CREATE SCHEMA archive', 'CREATE TABLE archive.orders (id INTEGER)');
    expect((await server.ask('GET', '/api/admin/sources/crm/tables')).json.tables).toMatchObject([
      { bucket: 'archive', source_table: 'orders', registered_as: [] },
      { bucket: 'main', source_table: 'orders', registered_as: ['orders'] },
    ]);
  });
});

describe('problems', () => {
  it('tell of an extract that somebody else spoiled soon after a sync, which does not wait for the look at it', async () => {
    const problems = async () => (await server.ask('GET', '/api/admin/problems')).json;
    expect(await problems()).toMatchObject({ stale: [], problems: [] });
    await mkdir(join(server.config.dataDirectory, 'extracts/spoiled'), { recursive: true });
    await writeFile(join(server.config.dataDirectory, 'extracts/spoiled/extract.duckdb'), 'no database');
    await server.ask('POST', '/api/admin/registry', { name: 'orders', source_name: 'crm', source_table: 'orders' });
    await server.sync();
    await expect.poll(problems, { timeout: 30_000 }).toMatchObject({
      stale: [{ source: 'spoiled', table: null }],
      problems: [{ source: 'spoiled', table: null, code: 'not_a_database' }],
    });
  });
});

describe('the OpenAPI document', () => {
  it('holds every route of the API and the door for events with its parameters, answers and guard', async () => {
    const document = (await server.ask('GET', '/api/openapi.json')).json;
    expect(document.openapi).toBe('3.1.0');
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = documentedRoutes().filter(({ path }) => /^\/(api|webhooks)\//.test(path));
    expect(documented.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
    for (const route of routes) {
      const operation = document.paths[route.path][route.method.toLowerCase()];
      const named = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const inPath = operation.parameters.filter((parameter: { in: string }) => parameter.in === 'path');
      expect(inPath.map((parameter: { name: string }) => parameter.name).sort()).toEqual(named.sort());
      expect(Object.keys(operation.responses)).toEqual([...Object.keys(route.answers), 'default']);
      expect(operation.security ?? 'token').toEqual(route.action === null ? [] : 'token');
    }
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods as object).map((operation) => operation.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refers to nothing that is not there', async () => {
    const text = (await server.ask('GET', '/api/openapi.json')).bytes.toString();
    const document = JSON.parse(text);
    for (const [, reference] of text.matchAll(/"\$ref":"([^"]+)"/g)) {
      const found = reference!
        .split('/')
        .slice(1)
        .reduce((at, step) => at?.[step], document);
      expect(found, reference).toBeDefined();
    }
  });
});
