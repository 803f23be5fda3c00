import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../helpers/server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await testServer();
});
afterEach(() => server.stop());

const register = (body: Record<string, unknown>) => server.ask('POST', '/api/admin/registry', body);

describe('from registration to download', () => {
  it('a registered table is pending at once, syncs, and is served with its hash', async () => {
    const { status, json } = await register({ name: 'Orders', source_name: 'crm', source_table: 'orders' });
    expect([status, json.id, json.status]).toEqual([201, 'orders', 'pending']);
    const job = await server.sync();
    expect(job).toMatchObject({ status: 'succeeded', tables: [{ id: 'orders', status: 'succeeded', rows: 1000 }] });

    const manifest = (await server.ask('GET', '/api/sync/manifest')).json;
    const table = manifest.tables.orders;
    expect(table).toMatchObject({ rows: 1000, query_mode: 'local', source: 'crm' });
    expect(table.columns.map((column: { name: string }) => column.name)).toEqual(['id', 'label']);
    const [part] = table.parts;
    const whole = await server.ask('GET', '/api/data/orders/download');
    expect(createHash('sha256').update(whole.bytes).digest('hex')).toBe(part.sha256);
    expect(whole.headers.get('etag')).toBe(`"${table.hash}"`);
    const piece = await server.ask('GET', `/api/data/orders/parts/${part.sha256}`);
    expect(piece.bytes.equals(whole.bytes)).toBe(true);
    expect(piece.headers.get('cache-control')).toContain('immutable');
  });

  it('an unchanged manifest answers 304 and a changed table changes it', async () => {
    await register({ name: 'orders', source_name: 'crm', source_table: 'orders' });
    await server.sync();
    const first = await server.ask('GET', '/api/sync/manifest');
    const tag = first.headers.get('etag') as string;
    const again = () => server.ask('GET', '/api/sync/manifest', undefined, { 'if-none-match': tag });
    expect((await again()).status).toBe(304);
    const second = await server.sync();
    expect(second.tables[0]?.status).toBe('unchanged');
    expect((await again()).status).toBe(304);
    await server.source("INSERT INTO orders VALUES (1000, 'new')");
    await server.sync();
    const changed = await again();
    expect(changed.status).toBe(200);
    expect(changed.json.tables.orders.rows).toBe(1001);
    const oldPart = first.json.tables.orders.parts[0].sha256;
    expect((await server.ask('GET', `/api/data/orders/parts/${oldPart}`)).status).toBe(200);
  });

  it('a table that fails says why, keeps serving, and leaves the others alone', async () => {
    await register({ name: 'orders', source_name: 'crm', source_table: 'orders' });
    await register({ name: 'gone', source_name: 'crm', source_table: 'nowhere' });
    const job = await server.sync();
    expect(job.status).toBe('partial');
    const gone = job.tables.find((table) => table.id === 'gone');
    expect(gone).toMatchObject({ status: 'failed', rows: null });
    expect(gone?.error?.message).toBeTruthy();
    const list = (await server.ask('GET', '/api/catalog/tables')).json;
    expect(list.tables).toMatchObject([
      { id: 'gone', live: false, status: 'failed', last_success: null },
      { id: 'orders', live: true, status: 'succeeded', rows: 1000 },
    ]);
    expect(await server.ask('GET', '/api/data/gone/download')).toMatchObject({
      status: 404,
      json: { code: 'not_found' },
    });
  });

  it('20 triggers at once make one job', async () => {
    await register({ name: 'orders', source_name: 'crm', source_table: 'orders' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.ask('POST', '/api/sync/trigger')));
    expect(new Set(answers.map(({ json }) => json.job_id)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
    expect(answers[0]?.headers.get('location')).toBe(`/api/jobs/${answers[0]?.json.job_id}`);
    expect((await server.ask('GET', '/api/jobs')).json.jobs).toHaveLength(1);
  });

  it('a read from a value on is refused where it would have no effect, and the others that come along are synced as always', async () => {
    await server.source(
      'CREATE TABLE log AS SELECT id, now() AS seen FROM orders',
      'ALTER TABLE log ALTER seen SET NOT NULL',
    );
    await register({ name: 'orders', source_name: 'crm', source_table: 'orders' });
    for (const path of ['/api/sync/trigger', '/api/sync/plan'])
      expect(await server.ask('POST', path, { tables: ['orders'], since: '2024-01-31' })).toMatchObject({
        status: 422,
        json: { detail: expect.stringContaining('orders: its sync_strategy is full_refresh') },
      });
    expect(await server.ask('POST', '/api/sync/trigger', { full: true, since: '2024-01-31' })).toMatchObject({
      status: 422,
      json: { errors: [{ pointer: '/since' }] },
    });
    await register({
      name: 'log',
      source_name: 'crm',
      source_table: 'log',
      sync_strategy: 'incremental',
      options: { cursor: 'seen', mode: 'append' },
    });
    expect(await server.sync({ since: '2024-01-31' })).toMatchObject({ status: 'succeeded' });
    expect(
      (await server.ask('POST', '/api/sync/trigger', { tables: ['log', 'orders'], since: '2024-01-31' })).status,
    ).toBe(422);
  });

  it('a trigger for unknown ids is 404, names them and starts nothing', async () => {
    const answer = await server.ask('POST', '/api/sync/trigger', { tables: ['nope'], sources: ['nowhere'] });
    expect(answer).toMatchObject({ status: 404, json: { code: 'not_found' } });
    expect(answer.json.detail).toMatch(/"nope".*"nowhere"/);
    expect((await server.ask('GET', '/api/jobs')).json.jobs).toEqual([]);
  });

  it.each([[{ tables: [] }], [{ table: ['orders'] }], [['orders']], ['"orders"']])(
    'a trigger with the body %j is refused',
    async (body) => {
      expect((await server.ask('POST', '/api/sync/trigger', body)).status).toBe(422);
    },
  );

  it('serves after a restart without a new sync, and keeps the job', async () => {
    await register({ name: 'orders', source_name: 'crm', source_table: 'orders' });
    const job = await server.sync();
    const before = (await server.ask('GET', '/api/sync/manifest')).headers.get('etag');
    await server.restart();
    expect((await server.ask('GET', '/api/sync/manifest')).headers.get('etag')).toBe(before);
    expect((await server.ask('GET', `/api/jobs/${job.id}`)).json).toEqual(job);
    expect((await server.ask('GET', '/api/catalog/tables/orders')).json).toMatchObject({
      status: 'succeeded',
      history: [{ job_id: job.id, status: 'succeeded' }],
    });
  });
});

describe('events of a job', () => {
  async function events(path: string, headers: Record<string, string> = {}) {
    const answer = await server.ask('GET', path, undefined, headers);
    const blocks = answer.bytes
      .toString()
      .split('\n\n')
      .filter((block) => block !== '' && !block.startsWith(':'));
    return {
      status: answer.status,
      events: blocks.map((block) => {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        return { id: field('id'), name: field('event'), data: JSON.parse(field('data') ?? 'null') };
      }),
    };
  }

  it('tell the whole job, and go on after Last-Event-ID', async () => {
    await register({ name: 'orders', source_name: 'crm', source_table: 'orders' });
    const { json } = await server.ask('POST', '/api/sync/trigger');
    const all = (await events(`/api/jobs/${json.job_id}/events`)).events.filter(({ id }) => id !== undefined);
    expect(all[0]).toMatchObject({ id: '1', name: 'job', data: { status: 'queued' } });
    expect(all.at(-1)).toMatchObject({ name: 'job', data: { status: 'succeeded' } });
    expect(all.map(({ id }) => Number(id))).toEqual(all.map((_, index) => index + 1));
    const resumed = await events(`/api/jobs/${json.job_id}/events`, { 'last-event-id': '2' });
    expect(resumed.events).toEqual(all.slice(2));
    const done = await events(`/api/jobs/${json.job_id}/events`, { 'last-event-id': String(all.length) });
    expect(done.status).toBe(204);
  });

  it('of a job from before a restart are its final state', async () => {
    await register({ name: 'orders', source_name: 'crm', source_table: 'orders' });
    const job = await server.sync();
    await server.restart();
    const { events: told } = await events(`/api/jobs/${job.id}/events`);
    expect(told).toMatchObject([{ name: 'job', data: { id: job.id, status: 'succeeded' } }]);
    expect((await server.ask('GET', '/api/jobs/job_0123456789ab/events')).status).toBe(404);
  });
});
