import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askConnector } from '../../src/extract/extract-source.ts';
import { tableRequest } from '../helpers/extract-request.ts';
import { Warehouse } from '../helpers/warehouse.ts';

let shop: Warehouse;

beforeEach(async () => {
  shop = await Warehouse.create();
});

afterEach(() => shop.remove());

const table = 'CREATE TABLE orders (id BIGINT PRIMARY KEY, name VARCHAR, changed TIMESTAMP NOT NULL)';
const fill = (from: number, to: number, at = '2024-01-01') =>
  `INSERT INTO orders SELECT i, 'n' || i, TIMESTAMP '${at}' + INTERVAL (i) SECOND FROM range(${from}, ${to}) t(i)`;

const merged = (options: object = {}) =>
  tableRequest('orders', {
    primary_key: ['id'],
    sync_strategy: 'incremental',
    options: { cursor: 'changed', ...options },
  });

describe('incremental by merge', () => {
  test('reads only what changed and ends equal to the source', async () => {
    await shop.run(table, fill(0, 5000));
    expect(await shop.sync(merged())).toMatchObject({ status: 'succeeded', rows: 5000 });
    await shop.run(
      fill(5000, 5010),
      "UPDATE orders SET name = 'new', changed = TIMESTAMP '2024-02-01' WHERE id % 1000 = 7",
    );
    const second = await shop.sync(merged());
    expect(second).toMatchObject({ status: 'succeeded', rows: 5010, notes: [] });
    expect(await shop.difference('orders')).toEqual([]);
  });

  test('keeps every part that holds no changed key', async () => {
    await shop.run(table, fill(0, 600_000));
    await shop.sync(merged());
    const before = await shop.published('orders');
    expect(before.parts.length).toBeGreaterThan(1);
    await shop.run("UPDATE orders SET name = 'new', changed = TIMESTAMP '2024-02-01' WHERE id > 599_990");
    await shop.sync(merged());
    const after = await shop.published('orders');
    expect(after.parts.slice(0, -1)).toEqual(before.parts.slice(0, -1));
    expect(after.parts.at(-1)).not.toEqual(before.parts.at(-1));
    expect(await shop.difference('orders')).toEqual([]);
  });

  test('leaves changed rows out of a part without disturbing the order of the others, whatever the columns are called', async () => {
    await shop.run(
      'CREATE TABLE orders (id BIGINT PRIMARY KEY, filename VARCHAR, file_row_number INTEGER, changed TIMESTAMP NOT NULL)',
      "INSERT INTO orders SELECT i, 'f' || i, i % 7, TIMESTAMP '2024-01-01' + INTERVAL (i) SECOND FROM range(300_000) t(i)",
    );
    await shop.sync(merged());
    await shop.run("UPDATE orders SET filename = 'new', changed = TIMESTAMP '2024-02-01' WHERE id % 1000 = 7");
    expect(await shop.sync(merged())).toMatchObject({ status: 'succeeded', rows: 300_000, notes: [] });
    expect(await shop.difference('orders')).toEqual([]);
    const { parts } = await shop.published('orders');
    for (const part of parts) {
      const [row] = await shop.query<{ ordered: boolean }>(
        `SELECT bool_and(id > before) AS ordered FROM (SELECT id, lag(id) OVER () AS before FROM read_parquet('${join(shop.directory, 'extracts/shop', part.path)}'))`,
      );
      expect(row).toEqual({ ordered: true });
    }
  });

  test('an overlap that brings the same rows again changes nothing', async () => {
    await shop.run(table, fill(0, 1000));
    await shop.sync(merged({ overlap: '30d' }));
    const before = await shop.published('orders');
    await shop.run('CREATE TABLE other AS SELECT 1 AS x');
    expect(await shop.sync(merged({ overlap: '30d' }))).toMatchObject({ status: 'unchanged', rows: 1000 });
    expect((await shop.published('orders')).parts).toEqual(before.parts);
  });

  test('finds a row that was committed late, within the overlap', async () => {
    await shop.run(table, fill(0, 1000));
    await shop.sync(merged());
    await shop.run("INSERT INTO orders VALUES (5000, 'late', TIMESTAMP '2024-01-01 00:10:00')");
    await shop.sync(merged());
    expect(await shop.difference('orders')).toEqual([]);
  });

  test('keeps a watermark of six decimals and never one in the future', async () => {
    await shop.run(table, "INSERT INTO orders VALUES (1, 'a', '2024-01-01 10:00:00.123456'), (2, 'b', '2999-01-01')");
    await shop.sync(merged({ overlap: '0s' }));
    await shop.run("INSERT INTO orders SELECT 3, 'c', now()::TIMESTAMP + INTERVAL 1 SECOND");
    await shop.sync(merged({ overlap: '0s' }));
    expect(await shop.difference('orders')).toEqual([]);
  });

  test('a deletion is found by its key when that is asked for', async () => {
    await shop.run(table, fill(0, 1000));
    await shop.sync(merged({ detect_deletes: true }));
    await shop.run('DELETE FROM orders WHERE id IN (5, 500, 999)', fill(1000, 1001));
    const result = await shop.sync(merged({ detect_deletes: true }));
    expect(result).toMatchObject({ rows: 998, notes: [] });
    expect(await shop.difference('orders')).toEqual([]);
  });

  test('a new column leads to a full read and is told', async () => {
    await shop.run(table, fill(0, 100));
    await shop.sync(merged());
    await shop.run('ALTER TABLE orders ADD COLUMN extra INTEGER DEFAULT 7');
    const result = await shop.sync(merged());
    expect(result.schema_changes).toEqual(['column extra INTEGER added']);
    expect(await shop.difference('orders')).toEqual([]);
    await shop.run('ALTER TABLE orders ADD COLUMN more INTEGER');
    expect(await shop.sync(merged({ schema_policy: 'freeze' }))).toMatchObject({
      status: 'failed',
      error: { code: 'schema_changed' },
    });
  });

  test('a key that is not unique is refused with the count', async () => {
    await shop.run(
      'CREATE TABLE orders (id BIGINT, changed TIMESTAMP NOT NULL)',
      "INSERT INTO orders VALUES (1, '2024-01-01'), (1, '2024-01-02')",
    );
    expect(await shop.sync(merged())).toMatchObject({
      status: 'failed',
      error: { code: 'source_data', message: expect.stringContaining('2 rows have 1 different') },
    });
  });

  test('a full read of unchanged rows keeps every part, and one with changes renews only their ranges', async () => {
    await shop.run(table, fill(0, 600_000));
    await shop.sync(merged());
    const before = await shop.published('orders');
    await shop.run('CREATE OR REPLACE TABLE orders AS SELECT * FROM orders ORDER BY name');
    expect(await shop.sync(merged(), { full: true })).toMatchObject({ status: 'unchanged' });
    expect((await shop.published('orders')).parts).toEqual(before.parts);
    await shop.run('DELETE FROM orders WHERE id = 599_999');
    expect(await shop.sync(merged(), { full: true })).toMatchObject({ status: 'succeeded', rows: 599_999 });
    expect(await shop.difference('orders')).toEqual([]);
  });

  test('many merges keep the number of parts small and no key in two of them', async () => {
    await shop.run(table, fill(0, 20_000));
    await shop.sync(merged());
    for (let round = 0; round < 8; round += 1) {
      const day = String(round + 2).padStart(2, '0');
      await shop.run(
        fill(20_000 + round * 3000, 23_000 + round * 3000, `2024-03-${day}`),
        `UPDATE orders SET name = md5(name), changed = TIMESTAMP '2024-03-${day} 12:00:00' WHERE id % 97 = ${round}`,
      );
      await shop.sync(merged());
    }
    expect(await shop.difference('orders')).toEqual([]);
    expect((await shop.published('orders')).parts.length).toBeLessThan(6);
    expect(await shop.query('SELECT count(*)::INT - count(DISTINCT id)::INT AS twice FROM orders')).toEqual([
      { twice: 0 },
    ]);
  });

  test('hot rows that have become many move to their ranges, and rows above all ranges to one of their own', async () => {
    // Hashes do not compress: few rows make large parts.
    const hashes = (day: number) =>
      Array.from({ length: 24 }, (_, salt) => `hash(i, ${day}, ${salt}) AS h${salt}`).join(', ');
    const wide = (from: number, to: number, day: number) =>
      `SELECT i AS id, ${hashes(day)}, TIMESTAMP '2024-01-0${day}' + INTERVAL (i) MILLISECOND AS changed FROM range(${from}, ${to}) t(i)`;
    await shop.run(`CREATE TABLE orders AS ${wide(0, 200_000, 1)}`, 'ALTER TABLE orders ALTER changed SET NOT NULL');
    await shop.sync(merged({ overlap: '0s' }));
    await shop.run(
      'UPDATE orders SET h0 = 0, changed = changed + INTERVAL 1 DAY WHERE id % 11 = 3',
      `INSERT INTO orders ${wide(200_000, 270_000, 3)}`,
    );
    expect(await shop.sync(merged({ overlap: '0s' }))).toMatchObject({ rows: 270_000, notes: [] });
    expect((await shop.published('orders')).record?.state).toMatchObject({
      pieces: expect.not.arrayContaining([expect.objectContaining({ id: 'hot' })]),
    });
    expect(await shop.difference('orders')).toEqual([]);
    await shop.run("UPDATE orders SET changed = TIMESTAMP '2024-02-01' WHERE id = 269_999");
    expect(await shop.sync(merged({ overlap: '0s' }))).toMatchObject({ rows: 270_000, notes: [] });
    expect(await shop.difference('orders')).toEqual([]);
  });

  test('works with a key of several columns', async () => {
    await shop.run(
      "CREATE TABLE orders AS SELECT i % 10 AS a, 'k' || (i // 10) AS b, i AS v, TIMESTAMP '2024-01-01' + INTERVAL (i) SECOND AS changed FROM range(3000) t(i)",
    );
    const request = tableRequest('orders', {
      primary_key: ['a', 'b'],
      sync_strategy: 'incremental',
      options: { cursor: 'changed', detect_deletes: true },
    });
    await shop.sync(request);
    await shop.run(
      "UPDATE orders SET v = -1, changed = TIMESTAMP '2024-02-01' WHERE a = 3",
      "DELETE FROM orders WHERE b = 'k7'",
      "INSERT INTO orders VALUES (99, 'z', 1, '2024-02-02')",
    );
    await shop.sync(request);
    expect(await shop.difference('orders')).toEqual([]);
  });
});

describe('incremental by append', () => {
  const appended = (options: object = {}) =>
    tableRequest('orders', {
      sync_strategy: 'incremental',
      options: { cursor: 'changed', mode: 'append', ...options },
    });

  test('adds new rows once, also those that stand at the boundary and twice the same', async () => {
    await shop.run(
      'CREATE TABLE orders (name VARCHAR, changed TIMESTAMP NOT NULL)',
      "INSERT INTO orders VALUES ('a', '2024-01-01 10:00:00'), ('a', '2024-01-01 10:00:00')",
    );
    await shop.sync(appended());
    await shop.run(
      "INSERT INTO orders VALUES ('a', '2024-01-01 10:00:00'), ('b', '2024-01-01 10:05:00'), ('b', '2024-01-01 10:05:00')",
    );
    expect(await shop.sync(appended())).toMatchObject({ rows: 5 });
    expect(await shop.difference('orders')).toEqual([]);
    await shop.run("INSERT INTO orders VALUES ('c', '2024-01-02')");
    expect(await shop.sync(appended())).toMatchObject({ rows: 6 });
    expect(await shop.difference('orders')).toEqual([]);
  });
});

describe('partitioned', () => {
  const byMonth = (options: object = {}) =>
    tableRequest('orders', {
      primary_key: ['id'],
      sync_strategy: 'partitioned',
      options: { partition_by: 'changed', granularity: 'month', ...options },
    });

  test('writes a part for each month and only those that changed again', async () => {
    await shop.run(
      'CREATE TABLE orders (id BIGINT, changed TIMESTAMP)',
      "INSERT INTO orders SELECT i, TIMESTAMP '2024-01-01' + INTERVAL (i) DAY FROM range(100) t(i)",
    );
    await shop.sync(byMonth());
    const before = await shop.published('orders');
    expect(before.parts).toHaveLength(4);
    await shop.run("INSERT INTO orders VALUES (1000, '2024-02-03')");
    await shop.sync(byMonth());
    const after = await shop.published('orders');
    expect(after.parts.filter((part) => before.parts.some((old) => old.sha256 === part.sha256))).toHaveLength(3);
    expect(await shop.difference('orders')).toEqual([]);
  });

  test('a row that moves leaves no ghost, and rows without a month have a partition of their own', async () => {
    await shop.run(
      'CREATE TABLE orders (id BIGINT, changed VARCHAR)',
      "INSERT INTO orders VALUES (1, '2024-01-05'), (2, '2024-02-05'), (3, NULL), (4, 'yesterday'), (5, 'infinity')",
    );
    await shop.sync(byMonth());
    expect((await shop.published('orders')).parts).toHaveLength(4);
    await shop.run("UPDATE orders SET changed = '2024-02-06' WHERE id = 1");
    await shop.sync(byMonth());
    expect(await shop.difference('orders')).toEqual([]);
    expect((await shop.published('orders')).parts).toHaveLength(3);
  });

  test('by hash of the key', async () => {
    await shop.run(table, fill(0, 2000));
    const request = tableRequest('orders', {
      primary_key: ['id'],
      sync_strategy: 'partitioned',
      options: { granularity: 'hash' },
    });
    await shop.sync(request);
    const before = await shop.published('orders');
    await shop.run("UPDATE orders SET name = 'x' WHERE id = 77");
    await shop.sync(request);
    const after = await shop.published('orders');
    expect(after.parts.filter((part) => !before.parts.some((old) => old.sha256 === part.sha256))).toHaveLength(1);
    expect(await shop.difference('orders')).toEqual([]);
  });
});

describe('filters and columns', () => {
  test('only the chosen rows and columns are published', async () => {
    await shop.run(table, fill(0, 100));
    const request = tableRequest('orders', {
      primary_key: ['id'],
      options: {
        columns: ['id', 'name'],
        where: [
          { column: 'id', op: 'ge', value: 10 },
          { column: 'name', op: 'ne', value: "n'50" },
        ],
      },
    });
    expect(await shop.sync(request)).toMatchObject({ rows: 90 });
    expect(await shop.query('SELECT * FROM orders ORDER BY id LIMIT 1')).toEqual([{ id: '10', name: 'n10' }]);
  });
});

describe('a plan', () => {
  const question = (facts: object = {}) => ({ kind: 'plan' as const, table: merged(), ...facts });

  test('says what would be read and why, and moves nothing', async () => {
    await shop.run(table, fill(0, 1000));
    const ask = async (facts: object = {}) => {
      const { runId: _runId, tables: _tables, ...request } = shop.request([]);
      return askConnector(request, question(facts));
    };
    expect(await ask()).toMatchObject({
      action: 'full',
      reason: 'this is the first read',
      rows: 1000,
      published_rows: null,
    });
    await shop.sync(merged());
    await shop.run(fill(1000, 1010, '2024-02-01'), 'ALTER TABLE orders ADD COLUMN extra INTEGER');
    expect(await ask()).toMatchObject({
      action: 'changes',
      rows: 10 + 600 + 1,
      published_rows: 1000,
      schema_changes: ['column extra INTEGER added'],
    });
    expect(await ask({ full: true })).toMatchObject({ action: 'full', rows: 1010 });
    expect(await ask({ since: '2024-02-01' })).toMatchObject({
      action: 'changes',
      rows: 10,
      bytes: expect.any(Number),
    });
    expect((await shop.published('orders')).meta.rows).toBe(1000);
  });

  test('a backfill from a time reads again what is older than the watermark', async () => {
    await shop.run(table, fill(0, 1000));
    await shop.sync(merged());
    await shop.run("UPDATE orders SET name = 'silent' WHERE id = 3");
    // A run in between has seen the file as it is now.
    await shop.sync(merged());
    await shop.sync(merged(), { since: '2024-01-01' });
    expect(await shop.difference('orders')).toEqual([]);
  });

  test('a backfill from what is no value of the cursor says so', async () => {
    await shop.run(table, fill(0, 10));
    await shop.sync(merged());
    await shop.run(fill(10, 11));
    expect(await shop.sync(merged(), { since: 'last week' })).toMatchObject({
      status: 'failed',
      error: { code: 'options_invalid', message: expect.stringContaining('cannot be read from "last week" on') },
    });
  });
});
