import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExtractReport } from '../../src/extract/shapes.ts';
import { startServer } from '../../src/server/start-server.ts';
import { silentLog, until } from '../helpers/instance.ts';
import { publishTable } from '../helpers/published-table.ts';
import { type TestServer, testServer } from '../helpers/server.ts';

let server: TestServer | null = null;
afterEach(async () => {
  await server?.stop();
  server = null;
});

/** An extraction that never ends by itself. */
const endless =
  (signals: AbortSignal[]) =>
  (_request: unknown, options: { signal?: AbortSignal } = {}) =>
    new Promise<ExtractReport>((_resolve, reject) => {
      signals.push(options.signal as AbortSignal);
      options.signal?.addEventListener('abort', () => reject(new Error('stopped')));
    });

describe('a server', () => {
  it('has its data folder to itself, and leaves it to the next', async () => {
    server = await testServer();
    await expect(startServer(server.config, { log: silentLog })).rejects.toMatchObject({ code: 'server_running' });
    await server.restart();
    expect((await server.ask('GET', '/api/health')).status).toBe(200);
  });

  it('says what to do when the port is taken, and lets go of the folder', async () => {
    server = await testServer();
    const other = await testServer();
    const { port } = new URL(server.url);
    await other.running.close();
    other.config.server.port = Number(port);
    await expect(startServer(other.config, { log: silentLog })).rejects.toThrow(/EADDRINUSE/);
    other.config.server.port = 0;
    await other.restart();
    await other.stop();
  });

  it('stops while a sync and a listener are under way, cancels, records and leaves no lock', async () => {
    const signals: AbortSignal[] = [];
    server = await testServer({}, { extract: endless(signals) });
    await server.ask('POST', '/api/admin/registry', { name: 'orders', source_name: 'crm', source_table: 'orders' });
    const { json } = await server.ask('POST', '/api/sync/trigger');
    const listening = server.ask('GET', `/api/jobs/${json.job_id}/events`).catch(() => null);
    await until(() => signals.length === 1);
    await server.running.close();
    await listening;
    expect(signals[0]?.aborted).toBe(true);
    expect(existsSync(join(server.config.dataDirectory, '.da', 'server.lock'))).toBe(false);
    expect(existsSync(join(server.config.dataDirectory, 'system.duckdb.wal'))).toBe(false);
    expect(readdirSync(join(server.config.dataDirectory, 'backups', 'system'))).toHaveLength(1);
    await server.restart();
    expect((await server.ask('GET', `/api/jobs/${json.job_id}`)).json).toMatchObject({
      status: 'cancelled',
      tables: [{ id: 'orders', status: 'cancelled' }],
    });
  });

  it('cancels a running job on request and refuses to cancel it twice', async () => {
    server = await testServer({}, { extract: endless([]) });
    await server.ask('POST', '/api/admin/registry', { name: 'orders', source_name: 'crm', source_table: 'orders' });
    const { json } = await server.ask('POST', '/api/sync/trigger');
    const remove = () => server!.ask('DELETE', `/api/jobs/${json.job_id}`);
    expect(await server.ask('DELETE', '/api/admin/registry/orders')).toMatchObject({
      status: 409,
      json: { code: 'locked', retryable: true },
    });
    expect((await remove()).status).toBe(202);
    await until(async () => (await server!.ask('GET', `/api/jobs/${json.job_id}`)).json.finished_at !== null);
    expect(await remove()).toMatchObject({
      status: 409,
      json: { code: 'conflict', hint: expect.stringContaining(`GET /api/jobs/${json.job_id}`) },
    });
    expect(await server.ask('GET', `/api/jobs/${json.job_id}/tables/nothing/rejects`)).toMatchObject({
      status: 404,
      json: { code: 'not_found', hint: 'It has: orders.' },
    });
    expect((await server.ask('DELETE', '/api/admin/registry/orders')).status).toBe(204);
  });

  it('serves what another program put into the folder before it started', async () => {
    server = await testServer();
    await server.running.close();
    await publishTable(server.config.dataDirectory, 'made', 'numbers', ['SELECT 1 AS id']);
    await server.restart();
    const [manifest, download] = await Promise.all(
      ['/api/sync/manifest', '/api/data/numbers/download'].map((path) => server!.ask('GET', path)),
    );
    expect([Object.keys(manifest!.json.tables), download!.status]).toEqual([['numbers'], 200]);
    expect((await server.ask('GET', '/api/catalog/tables/numbers')).json).toMatchObject({
      registered: false,
      live: true,
      status: null,
      columns: [{ name: 'id', type: 'INTEGER' }],
    });
  });

  it('syncs by itself at the interval', async () => {
    let runs = 0;
    const counting = async (request: {
      source: { name: string };
      tables: { id: string }[];
    }): Promise<ExtractReport> => {
      runs += 1;
      const now = new Date().toISOString();
      return {
        source: request.source.name,
        generation: 1,
        notes: [],
        tables: request.tables.map(({ id }) => ({
          id,
          status: 'succeeded',
          rows: 1,
          size_bytes: 1,
          rejected: 0,
          schema_changes: [],
          warnings: [],
          error: null,
          started_at: now,
          finished_at: now,
        })),
      };
    };
    server = await testServer({ scheduler: { intervalMs: 300 } }, { extract: counting });
    await server.ask('POST', '/api/admin/registry', { name: 'orders', source_name: 'crm', source_table: 'orders' });
    await until(() => runs >= 2);
    const { jobs } = (await server.ask('GET', '/api/jobs')).json;
    expect(jobs).toContainEqual(
      expect.objectContaining({ cause: 'schedule', requested_by: null, status: 'succeeded' }),
    );
  });
});
