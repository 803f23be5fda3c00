import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../helpers/server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await testServer();
});
afterEach(() => server.stop());

const base = { name: 'Orders 2024', source_name: 'crm', source_table: 'orders' };
const register = (body: unknown) => server.ask('POST', '/api/admin/registry', body);
const row = async (id: string) => (await server.ask('GET', `/api/admin/registry/${id}`)).json;

describe('registering a table', () => {
  it('needs no more than a name, a source and a table of it', async () => {
    const { status, json, headers } = await register(base);
    expect(status).toBe(201);
    expect(json).toMatchObject({
      id: 'orders_2024',
      name: 'Orders 2024',
      source_type: 'duckdb',
      source_name: 'crm',
      sync_strategy: 'full_refresh',
      query_mode: 'local',
      primary_key: [],
      options: {},
      registered_by: 'First administrator',
      status: 'pending',
    });
    expect(headers.get('location')).toBe('/api/admin/registry/orders_2024');
    expect(await row('orders_2024')).toMatchObject({ id: 'orders_2024', status: 'pending' });
  });

  it.each([
    ['a list', ['id', ' label ']],
    ['text with commas', 'id, label,'],
  ])('takes the primary key as %s and answers with a list', async (_title, primary_key) => {
    expect((await register({ ...base, primary_key })).json.primary_key).toEqual(['id', 'label']);
  });

  it('finds the source by its type where there is only one of it', async () => {
    const { status, json } = await register({ ...base, source_name: undefined, source_type: 'duckdb' });
    expect([status, json.source_name]).toEqual([201, 'crm']);
  });

  it('is 409 for an id that is taken, also when two come at once', async () => {
    const answers = await Promise.all([register(base), register(base), register({ ...base, name: 'orders-2024' })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.json.code).toBe('conflict');
  });

  it('tells every fault at once and stores nothing', async () => {
    const { status, json } = await register({
      id: 'No Such Grammar',
      name: '  ',
      source_name: 'nowhere',
      query_mode: 'sometimes',
      sync_schedule: 'every 15m',
      colour: 'red',
    });
    expect(status).toBe(422);
    expect(json.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([
      '/colour',
      '/id',
      '/name',
      '/query_mode',
      '/source_name',
      '/source_table',
      '/sync_schedule',
    ]);
    expect(json.detail).toContain('There are: crm (duckdb).');
    expect((await server.ask('GET', '/api/admin/registry')).json).toMatchObject({ tables: [], count: 0 });
  });

  it('tells what the source cannot serve beside what is malformed', async () => {
    const { json } = await register({
      ...base,
      name: '',
      query_mode: 'remote',
      sync_strategy: 'incremental',
      primary_key: 5,
      options: { mode: 'merge', speed: 'fast', where: [{ column: 'id', op: '=', value: 1 }] },
    });
    expect(json.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([
      '/name',
      '/options/cursor',
      '/options/speed',
      '/options/where/0/op',
      '/primary_key',
      '/query_mode',
    ]);
  });

  it('takes a table that is still to come and says that it is not there', async () => {
    const { status, json } = await register({ ...base, source_table: 'nowhere' });
    expect([status, json.columns]).toEqual([201, null]);
    expect(json.notes.join()).toMatch(/no table or view "nowhere" in the schema main yet; it holds main\.orders/);
  });

  it('takes null for what is not given', async () => {
    const { status, json } = await register({ ...base, id: null, source_type: null, options: null, primary_key: null });
    expect([status, json.id, json.source_type]).toEqual([201, 'orders_2024', 'duckdb']);
  });

  it.each([
    ['Ünïcode', 'unicode'],
    ['_hidden', '_hidden'],
    ['Prodej (Č)', 'prodej_c'],
  ])('derives from %s the id %s', async (name, id) => {
    expect((await register({ ...base, name })).json.id).toBe(id);
  });

  it.each([
    ['a source type that is not configured', { source_name: undefined, source_type: 'oracle' }, '/source_type'],
    ['a type that is not the source’s', { source_type: 'postgres' }, '/source_type'],
    ['an option nobody knows', { options: { speed: 'fast' } }, '/options/speed'],
    ['a filter without an operator', { options: { where: [{ column: 'id' }] } }, '/options/where/0/op'],
    ['a key column the source does not have', { primary_key: ['nope'] }, '/primary_key'],
    ['a cursor that may be NULL', { sync_strategy: 'incremental', options: { cursor: 'id' } }, '/options/cursor'],
    ['an incremental table without a cursor', { sync_strategy: 'incremental' }, '/options/cursor'],
    ['a setting that belongs to another strategy', { options: { cursor: 'id' } }, '/options/cursor'],
    ['a comparison without a value', { options: { where: [{ column: 'id', op: 'eq' }] } }, '/options/where/0/value'],
    [
      'a value that is never compared',
      { options: { where: [{ column: 'id', op: 'is_null', value: 1 }] } },
      '/options/where/0/value',
    ],
    [
      'a comparison by size with a list',
      { options: { where: [{ column: 'id', op: 'gt', value: [1, 2] }] } },
      '/options/where/0/value',
    ],
    ['a mode the source cannot serve', { query_mode: 'remote' }, '/query_mode'],
    ['a reserved name', { id: '_meta' }, '/id'],
    ['a name from which no id can be made', { name: '!!!' }, '/name'],
    ['a path for a name', { id: '../etc' }, '/id'],
  ])('refuses %s', async (_title, facts, pointer) => {
    const { status, json } = await register({ ...base, ...facts });
    expect(status).toBe(422);
    expect(json.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });
});

describe('changing a table', () => {
  it('changes what is given, keeps every other column, and null goes back to the default', async () => {
    await register({
      ...base,
      description: 'All of them',
      primary_key: 'id',
      bucket: 'main',
      options: { columns: ['id'] },
    });
    const before = await row('orders_2024');
    const patch = (body: unknown) => server.ask('PATCH', '/api/admin/registry/orders_2024', body);
    expect((await patch({ description: 'Some' })).status).toBe(200);
    expect(await row('orders_2024')).toEqual({ ...before, description: 'Some' });
    await patch({ description: null, primary_key: null, bucket: null, options: { columns: null } });
    expect(await row('orders_2024')).toEqual({
      ...before,
      description: null,
      primary_key: [],
      bucket: null,
      options: {},
    });
    expect((await patch({ name: 'Renamed' })).json).toMatchObject({ id: 'orders_2024', name: 'Renamed' });
  });

  it('filters by a column that is not brought', async () => {
    const where = [{ column: 'label', op: 'eq', value: 'order 1' }];
    const { status, json } = await register({ ...base, options: { columns: ['id'], where } });
    expect([status, json.columns]).toEqual([201, [{ name: 'id', type: 'BIGINT' }]]);
  });

  it('merges options key by key', async () => {
    const where = [{ column: 'id', op: 'gt', value: 5 }];
    await register({ ...base, options: { columns: ['id'] } });
    const { json } = await server.ask('PATCH', '/api/admin/registry/orders_2024', { options: { where } });
    expect(json.options).toEqual({ columns: ['id'], where });
  });

  it('refuses what cannot change, what does not exist and what would not be obeyed', async () => {
    await register(base);
    const { status, json } = await server.ask('PATCH', '/api/admin/registry/orders_2024', {
      id: 'other',
      source_name: 'elsewhere',
      registered_at: '2020-01-01',
      colour: 'red',
    });
    expect(status).toBe(422);
    expect(json.errors).toHaveLength(4);
    const blank = await server.ask('PATCH', '/api/admin/registry/orders_2024', {
      name: null,
      sync_schedule: 'every 1h',
    });
    expect(blank.json.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([
      '/name',
      '/sync_schedule',
    ]);
    expect((await server.ask('PATCH', '/api/admin/registry/nope', {})).status).toBe(404);
  });

  it('lets only one of two editors through who read the same row', async () => {
    await register(base);
    const tag = (await server.ask('GET', '/api/admin/registry/orders_2024')).headers.get('etag') as string;
    const edit = (description: string) =>
      server.ask('PATCH', '/api/admin/registry/orders_2024', { description }, { 'if-match': tag });
    expect((await edit('first')).status).toBe(200);
    expect(await edit('second')).toMatchObject({ status: 412, json: { code: 'precondition_failed' } });
    expect((await row('orders_2024')).description).toBe('first');
    const late = await server.ask('DELETE', '/api/admin/registry/orders_2024', undefined, { 'if-match': tag });
    expect(late.status).toBe(412);
  });

  it('shows in the next sync', async () => {
    await register({ ...base, id: 'orders' });
    await server.sync();
    await server.ask('PATCH', '/api/admin/registry/orders', {
      options: { where: [{ column: 'id', op: 'lt', value: 10 }] },
    });
    expect((await server.sync()).tables).toMatchObject([{ id: 'orders', rows: 10 }]);
  });
});

describe('unregistering a table', () => {
  it('takes row, state, files and views together, and a rebuild does not bring it back', async () => {
    await register({ ...base, id: 'orders' });
    await server.source('CREATE TABLE visits AS SELECT 1 AS id');
    await register({ ...base, id: 'visits', source_table: 'visits' });
    await server.sync();
    const folder = join(server.config.dataDirectory, 'extracts', 'crm', 'data', 'orders');
    expect(existsSync(folder)).toBe(true);
    expect((await server.ask('DELETE', '/api/admin/registry/orders')).status).toBe(204);
    for (const path of ['/api/admin/registry/orders', '/api/catalog/tables/orders', '/api/data/orders/download'])
      expect((await server.ask('GET', path)).status, path).toBe(404);
    expect(existsSync(folder)).toBe(false);
    await server.restart();
    await server.sync();
    expect(Object.keys((await server.ask('GET', '/api/sync/manifest')).json.tables)).toEqual(['visits']);
    expect((await server.ask('DELETE', '/api/admin/registry/orders')).status).toBe(404);
    const again = await register({ ...base, id: 'orders' });
    expect(again.json.status).toBe('pending');
  });

  it('works for a table that was never synced', async () => {
    await register(base);
    expect((await server.ask('DELETE', '/api/admin/registry/orders_2024')).status).toBe(204);
    expect((await server.ask('GET', '/api/admin/registry')).json.count).toBe(0);
  });
});

describe('lists', () => {
  it('come in pages that together are everything once', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) await register({ ...base, id });
    const seen: string[] = [];
    let cursor = '';
    do {
      const { json } = await server.ask('GET', `/api/admin/registry?limit=2${cursor}`);
      seen.push(...json.tables.map((table: { id: string }) => table.id));
      cursor = json.next_cursor === null ? '' : `&cursor=${json.next_cursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect((await server.ask('GET', '/api/admin/registry?limit=0')).status).toBe(400);
    expect((await server.ask('GET', '/api/admin/registry?colour=red')).status).toBe(400);
  });
});

describe('a difference of columns', () => {
  const shown = async () => {
    const manifest = (await server.ask('GET', '/api/sync/manifest')).json;
    return [(await row('orders')).schema_changes, manifest.tables.orders.schema_changes];
  };

  it('stands in the registry and in the manifest, also after a run that found nothing new', async () => {
    await register({ ...base, name: 'orders' });
    await server.sync();
    expect(await shown()).toEqual([[], []]);
    await server.source('ALTER TABLE orders ADD COLUMN extra INTEGER');
    const changes = ['column extra INTEGER added'];
    expect((await server.sync()).tables[0]!.schema_changes).toEqual(changes);
    expect(await shown()).toEqual([changes, changes]);
    await server.sync();
    expect(await shown()).toEqual([changes, changes]);
  });

  it('stands in the job and the registry when a frozen table refused it', async () => {
    await register({ ...base, name: 'orders', options: { schema_policy: 'freeze' } });
    await server.sync();
    await server.source('ALTER TABLE orders ADD COLUMN extra INTEGER');
    const changes = ['column extra INTEGER added'];
    expect((await server.sync()).tables[0]).toMatchObject({ status: 'failed', schema_changes: changes });
    expect(await shown()).toEqual([changes, []]);
  });
});
