import { createHmac } from 'node:crypto';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PushedSource } from '../../src/receive/pushed-source.ts';
import { flush, published, startPushed } from '../helpers/pushed-source.ts';

let directory: string;
let source: PushedSource | undefined;

const secret = `whsec_${Buffer.from('a key of the shop').toString('base64')}`;
const shop = {
  name: 'shop',
  type: 'webhook',
  settings: {
    table: 'orders',
    secrets_env: ['SHOP_SECRET', 'SHOP_SECRET_OLD'],
    key: ['id'],
    version: 'at',
    columns: {
      id: { path: 'data.id' },
      total: { path: 'data.total', type: 'DOUBLE' },
      paid: { path: 'data.paid', type: 'BOOLEAN' },
      changed_at: { path: 'at', type: 'TIMESTAMP' },
    },
    deleted: 'gone',
  },
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-webhook-'));
});

afterEach(async () => {
  await source?.close();
  source = undefined;
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

function signed(event: unknown, facts: { key?: string; at?: number; id?: string } = {}) {
  const body = Buffer.from(typeof event === 'string' ? event : JSON.stringify(event));
  const { key = secret, at = Date.now(), id = 'msg_1' } = facts;
  const seconds = String(Math.floor(at / 1_000));
  const mac = createHmac('sha256', Buffer.from(key.slice('whsec_'.length), 'base64'));
  const signature = `v1,${mac.update(`${id}.${seconds}.`).update(body).digest('base64')}`;
  const headers = { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signature };
  return { headers, body, receivedAt: Date.now() };
}

const order = (id: string, total: number, at: string, more: object = {}) => ({
  type: 'order.changed',
  at,
  data: { id, total, paid: total > 10 },
  ...more,
});

test('signed events become rows: the newest version stays, whatever the order, and a deletion hides its row', async () => {
  source = await startPushed(directory, shop, { SHOP_SECRET: secret });
  const told = [
    order('a', 30, '2026-01-01T00:00:03Z'),
    order('a', 10, '2026-01-01T00:00:01Z'),
    order('b', 5, '2026-01-01T00:00:01Z'),
    order('c', 1, '2026-01-01T00:00:02Z', { gone: true }),
    order('c', 9, '2026-01-01T00:00:01Z'),
    order('a', 20, '2026-01-01T00:00:02Z'),
  ];
  await Promise.all(told.map((event) => source!.accept(signed(event))));
  await flush(source);
  expect(
    await published(
      directory,
      'shop',
      'SELECT id, total, paid, changed_at::VARCHAR AS changed_at FROM orders ORDER BY id',
    ),
  ).toEqual([
    { id: 'a', total: 30, paid: true, changed_at: '2026-01-01 00:00:03' },
    { id: 'b', total: 5, paid: false, changed_at: '2026-01-01 00:00:01' },
  ]);
  expect(
    await published(
      directory,
      'shop',
      'SELECT count(*)::INT AS n, any_value(outcome) AS outcome, any_value(name) AS name FROM orders_events',
    ),
  ).toEqual([{ n: 6, outcome: 'applied', name: 'order.changed' }]);
  expect(await published(directory, 'shop', 'SELECT count(*)::INT AS n FROM orders_ingest')).toEqual([{ n: 1 }]);
});

test('a version of half an emoji or NUL is text like any other', async () => {
  source = await startPushed(directory, shop, { SHOP_SECRET: secret });
  await source.accept(signed(order('a', 1, '\ud83d')));
  await source.accept(signed(order('b', 2, 'x\u0000')));
  await flush(source);
  expect(await published(directory, 'shop', 'SELECT id FROM orders ORDER BY id')).toEqual([{ id: 'a' }, { id: 'b' }]);
});

test('an empty table is published with its columns before the first event', async () => {
  source = await startPushed(directory, shop, { SHOP_SECRET: secret });
  await flush(source);
  expect(
    await published(
      directory,
      'shop',
      "SELECT string_agg(column_name || ' ' || column_type, ', ') AS columns FROM (DESCRIBE orders)",
    ),
  ).toEqual([{ columns: 'id VARCHAR, total DOUBLE, paid BOOLEAN, changed_at TIMESTAMP' }]);
});

test('what is not signed by a known secret is refused and leaves nothing behind', async () => {
  source = await startPushed(directory, shop, { SHOP_SECRET: secret, SHOP_SECRET_OLD: 'whsec_b2xkIGtleQ==' });
  const sound = signed(order('a', 1, '2026-01-01T00:00:01Z'));
  const forged = { ...sound, body: Buffer.from(sound.body.toString().replace('"a"', '"b"')) };
  const late = signed(order('a', 1, '2026-01-01T00:00:01Z'), { at: Date.now() - 3_600_000 });
  const bare = { ...sound, headers: {} };
  for (const event of [forged, late, bare])
    await expect(source.accept(event)).rejects.toMatchObject({ code: 'unauthorized' });
  const rotated = signed(order('a', 1, '2026-01-01T00:00:01Z'), { key: 'whsec_b2xkIGtleQ==' });
  expect(await source.accept(rotated)).toBe(1);
  expect(await source.quarantined()).toEqual([]);
});

test('without a secret nothing is accepted, because an empty key would sign for anyone', async () => {
  source = await startPushed(directory, shop, { SHOP_SECRET: '  ' });
  await expect(source.accept(signed(order('a', 1, '2026-01-01T00:00:01Z')))).rejects.toMatchObject({
    code: 'unavailable',
  });
});

test('a signed event that cannot be read is kept aside, shown and released', async () => {
  source = await startPushed(directory, shop, { SHOP_SECRET: secret });
  await expect(source.accept(signed('[1, 2]'))).rejects.toMatchObject({ code: 'malformed' });
  await source.accept(signed({ at: '2026-01-01T00:00:01Z', data: { total: 1 } }));
  await flush(source);
  const kept = await source.quarantined();
  expect(kept.map(({ id, reason }) => [id.split('-')[0], reason])).toEqual(
    expect.arrayContaining([
      ['door', 'The event is not a JSON object.'],
      ['pushed', 'The event lacks data.id, the key column id.'],
    ]),
  );
  const id = kept.find((event) => event.id.startsWith('pushed'))!.id;
  expect((await source.showQuarantined(id)).body).toContain('"total":1');
  expect(await source.release(id)).toBeGreaterThan(0);
  await flush(source);
  // It still cannot be understood, so it is kept aside again.
  expect((await source.quarantined()).map((event) => event.reason)).toContain(
    'The event lacks data.id, the key column id.',
  );
});

test('a table gains the columns its settings gain, and keeps its rows', async () => {
  source = await startPushed(directory, shop, { SHOP_SECRET: secret });
  await source.accept(signed(order('a', 3, '2026-01-01T00:00:01Z')));
  await flush(source);
  await source.close();
  const columns = { ...shop.settings.columns, note: { path: 'data.note' } };
  source = await startPushed(directory, { ...shop, settings: { ...shop.settings, columns } }, { SHOP_SECRET: secret });
  await source.accept(signed({ ...order('b', 4, '2026-01-01T00:00:01Z'), data: { id: 'b', total: 4, note: 'new' } }));
  await flush(source);
  expect(await published(directory, 'shop', 'SELECT id, total, note FROM orders ORDER BY id')).toEqual([
    { id: 'a', total: 3, note: null },
    { id: 'b', total: 4, note: 'new' },
  ]);
  expect(await readdir(join(directory, 'extracts/shop/.da/receive'))).toContain('state.duckdb');
});

describe('settings change under rows that are there', () => {
  const columns = shop.settings.columns;
  async function restarted(settings: Record<string, unknown>): Promise<void> {
    source = await startPushed(directory, shop, { SHOP_SECRET: secret });
    await source.accept(signed(order('a', 3, '2026-01-01T00:00:01Z')));
    await source.accept(signed(order('b', 4.5, '2026-01-01T00:00:01Z')));
    await flush(source);
    await source.close();
    source = await startPushed(
      directory,
      { ...shop, settings: { ...shop.settings, ...settings } },
      { SHOP_SECRET: secret },
    );
  }
  const told = (sql: string) => published(directory, 'shop', sql);

  test('a column of another type: what fits it stays, and its file says that type', async () => {
    await restarted({ columns: { ...columns, total: { path: 'data.total' } } });
    await flush(source!);
    expect(await told('SELECT id, total, typeof(total) AS type FROM orders ORDER BY id')).toEqual([
      { id: 'a', total: '3.0', type: 'VARCHAR' },
      { id: 'b', total: '4.5', type: 'VARCHAR' },
    ]);
  });

  test('a table under another name: its rows are told anew, and the old name goes', async () => {
    await restarted({ table: 'sales' });
    await flush(source!);
    expect(await told('SELECT id FROM sales ORDER BY id')).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect(await told('SELECT table_name FROM _meta ORDER BY 1')).toEqual(
      ['sales', 'sales_events', 'sales_ingest'].map((table_name) => ({ table_name })),
    );
  });

  test('another key: rows are told anew under it', async () => {
    await restarted({ key: ['paid'] });
    await flush(source!);
    expect(await told('SELECT count(*)::INTEGER AS n FROM orders')).toEqual([{ n: 1 }]);
  });

  test('another key once old events are gone: refused with what to do, events are taken, and the rows stay', async () => {
    source = await startPushed(directory, shop, { SHOP_SECRET: secret });
    await source.accept(signed(order('a', 3, '2026-01-01T00:00:01Z')));
    await flush(source);
    await source.close();
    const receive = join(directory, 'extracts/shop/.da/receive');
    await copyFile(join(receive, 'state.duckdb'), join(receive, 'base.duckdb'));
    const notes: string[] = [];
    const rekeyed = { ...shop, settings: { ...shop.settings, key: ['paid'] } };
    source = await startPushed(directory, rekeyed, { SHOP_SECRET: secret }, { note: (text) => notes.push(text) });
    await source.accept(signed(order('b', 4, '2026-01-01T00:00:01Z')));
    await vi.waitFor(() => expect(notes.join()).toMatch(/The key of orders was \(id VARCHAR\)/), { timeout: 20_000 });
    expect(await told('SELECT id FROM orders')).toEqual([{ id: 'a' }]);
    await source.close();
    source = await startPushed(directory, shop, { SHOP_SECRET: secret });
    await flush(source);
    expect(await told('SELECT id FROM orders ORDER BY id')).toEqual([{ id: 'a' }, { id: 'b' }]);
  });
});
