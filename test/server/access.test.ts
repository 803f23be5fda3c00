import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SystemState } from '../../src/system/system-state.ts';
import { hashToken, saveToken } from '../../src/system/tokens.ts';
import { adminToken, documentedRoutes, type TestServer, testServer } from '../helpers/server.ts';

const filled = (path: string) =>
  path
    .replace('{sha256}', 'a'.repeat(64))
    .replace(/\{id\}$/, 'job_0123456789ab')
    .replace(/\{\w+\}/g, 'orders');

const guarded = documentedRoutes().filter((route) => route.action !== null);
const analystToken = 'da_an-analyst';

describe('access', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer();
    await server.running.close();
    const state = await SystemState.open(server.config.dataDirectory);
    await state.write((session) =>
      saveToken(session, {
        id: 'ana',
        hash: hashToken(analystToken),
        label: 'Ana',
        role: 'analyst',
        created_at: '2026-01-01T00:00:00.000Z',
        revoked_at: null,
      }),
    );
    await state.close();
    await server.restart();
  });
  afterAll(() => server.stop());

  it('is open only to health, the page, and events that carry their own signature', () => {
    const open = documentedRoutes().filter((route) => route.action === null);
    expect(open.map((route) => route.path).sort()).toEqual([
      '/',
      '/api/health',
      '/page.css',
      '/page.js',
      '/webhooks/{source}',
    ]);
  });

  it.each(guarded.map((route) => [route.method, filled(route.path)] as const))(
    '%s %s is refused without a token and with a wrong one',
    async (method, path) => {
      for (const authorization of [null, 'Bearer wrong', `Basic ${adminToken}`, `Bearer ${adminToken}x`]) {
        const answer = await server.ask(method, path, undefined, { authorization });
        expect(answer.status).toBe(401);
        expect(answer.json.code).toBe('unauthorized');
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
        expect(answer.bytes.toString()).not.toContain(adminToken);
      }
    },
  );

  it.each(guarded.map((route) => [route.method, filled(route.path), route.action] as const))(
    '%s %s lets an analyst in only where no administration is needed (%s)',
    async (method, path, action) => {
      const answer = await server.ask(method, path, undefined, { authorization: `Bearer ${analystToken}` });
      if (action === 'administer') expect(answer).toMatchObject({ status: 403, json: { code: 'forbidden' } });
      else expect(answer.status).not.toBe(403);
    },
  );

  it('names a table’s parameter on every route about a table', () => {
    for (const route of guarded.filter(({ action }) => action === 'read_table')) expect(route.table).toBeTruthy();
  });
});

describe('the first administrator’s token', () => {
  it('is made once, told once, kept in a private file and valid after a restart', async () => {
    const server = await testServer({ adminToken: null });
    try {
      const token = server.running.newAdminToken as string;
      expect(token).toMatch(/^da_[\w-]{43}$/);
      const path = join(server.config.dataDirectory, 'admin-token');
      expect((await readFile(path, 'utf8')).trim()).toBe(token);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      await server.restart();
      expect(server.running.newAdminToken).toBeNull();
      const answer = await server.ask('GET', '/api/jobs', undefined, { authorization: `Bearer ${token}` });
      expect(answer.status).toBe(200);
    } finally {
      await server.stop();
    }
  });

  it('is replaced by the one the operator sets', async () => {
    const server = await testServer({ adminToken: null });
    try {
      const old = server.running.newAdminToken as string;
      server.config.adminToken = 'operator-set';
      await server.restart();
      const asked = async (token: string) =>
        (await server.ask('GET', '/api/jobs', undefined, { authorization: `Bearer ${token}` })).status;
      expect(await asked('operator-set')).toBe(200);
      expect(await asked(old)).toBe(401);
    } finally {
      await server.stop();
    }
  });

  it('takes back an open file’s rights when it writes the token', async () => {
    const server = await testServer();
    try {
      await server.running.close();
      const path = join(server.config.dataDirectory, 'admin-token');
      await writeFile(path, 'not a token', { mode: 0o666 });
      const state = await SystemState.open(server.config.dataDirectory);
      await state.write((session) => session.run('DELETE FROM tokens'));
      await state.close();
      server.config.adminToken = null;
      await server.restart();
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await readFile(path, 'utf8')).trim()).toBe(server.running.newAdminToken);
    } finally {
      await server.stop();
    }
  });
});
