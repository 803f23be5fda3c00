import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/duckdb/database.ts';
import { syncWorkspace } from '../../src/workspace/sync-workspace.ts';
import { workspaceAt } from '../../src/workspace/workspace-folder.ts';
import { parquet } from '../helpers/parquet.ts';
import { createSetting } from './setting.ts';

type File = Awaited<ReturnType<typeof parquet>>;
let orders: File;
let moreOrders: File;
let people: File;

beforeAll(async () => {
  orders = await parquet("SELECT range AS id, 'order ' || range AS label FROM range(1000)");
  moreOrders = await parquet("SELECT range + 1000 AS id, 'order ' || range AS label FROM range(500)");
  people = await parquet("SELECT range AS id, 'p' AS name FROM range(10)");
});

describe('da sync', () => {
  it('brings every table into an empty workspace, and moves nothing the second time', async () => {
    await using setting = await createSetting({ orders: { parts: [orders, moreOrders] }, people: { parts: [people] } });
    const first = await setting.sync();
    expect(first.downloaded).toEqual([
      { table: 'orders', rows: 1500, bytes: orders.bytes.length + moreOrders.bytes.length },
      { table: 'people', rows: 10, bytes: people.bytes.length },
    ]);
    expect(first).toMatchObject({
      unchanged: [],
      removed: [],
      failed: [],
      errors: [],
      bytes: setting.server.partBytes,
    });
    expect(await setting.query('SELECT count(*) AS n, max(id) AS top FROM orders')).toEqual([
      { n: '1500', top: '1499' },
    ]);

    const sent = setting.server.partBytes;
    const second = await setting.sync();
    expect(second).toMatchObject({ downloaded: [], unchanged: ['orders', 'people'], failed: [], bytes: 0 });
    expect(setting.server.partBytes).toBe(sent);
    expect(setting.server.manifestAnswers).toEqual([200, 304]);
    expect(setting.server.complaints).toEqual([]);
  });

  it('fetches only the parts it does not hold, and prunes the old ones', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    await setting.sync();
    setting.server.publish({ orders: { parts: [orders, moreOrders] } });
    expect((await setting.sync()).bytes).toBe(moreOrders.bytes.length);
    setting.server.publish({ orders: { parts: [moreOrders] } });
    expect(await setting.sync()).toMatchObject({ downloaded: [{ table: 'orders', rows: 500, bytes: 0 }], bytes: 0 });
    expect(await setting.files()).toHaveLength(1);
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '500' }]);
  });

  it('removes a table that is no longer granted, with its view and files, and says so', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] }, people: { parts: [people] } });
    await setting.sync();
    setting.server.publish({ orders: { parts: [orders] } });
    expect(await setting.sync()).toMatchObject({ removed: ['people'], unchanged: ['orders'] });
    expect(existsSync(join(setting.folder.data, 'people'))).toBe(false);
    await expect(setting.query('SELECT * FROM people')).rejects.toThrow(/people/);
  });

  it('keeps the views, tables and files the analyst made', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    await setting.sync();
    await setting.query('CREATE VIEW my_orders AS SELECT id FROM orders WHERE id < 5');
    await setting.query('CREATE TABLE notes AS SELECT 42 AS answer');
    await writeFile(join(setting.folder.data, 'orders', 'mine.parquet'), 'mine');
    setting.server.publish({ orders: { parts: [moreOrders, orders] }, people: { parts: [people] } });
    await setting.sync();
    setting.server.publish({ orders: { parts: [orders] } });
    await setting.sync();
    expect(await setting.query('SELECT count(*) AS n FROM my_orders')).toEqual([{ n: '5' }]);
    expect(await setting.query('SELECT answer FROM notes')).toEqual([{ answer: 42 }]);
    expect(await setting.files()).toContain('orders/mine.parquet');
  });

  it('leaves a view of the analyst alone that took the name of a table, and reports the conflict', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] }, people: { parts: [people] } });
    await setting.sync();
    await setting.query("CREATE OR REPLACE VIEW orders AS SELECT 'mine' AS whose");
    setting.server.publish({ orders: { parts: [moreOrders] }, people: { parts: [people] } });
    const report = await setting.sync();
    expect(report.failed).toMatchObject([{ table: 'orders', code: 'conflict' }]);
    expect(report.unchanged).toEqual(['people']);
    expect(await setting.query('SELECT * FROM orders')).toEqual([{ whose: 'mine' }]);
    setting.server.publish({ people: { parts: [people] } });
    await setting.sync();
    expect(await setting.query('SELECT * FROM orders')).toEqual([{ whose: 'mine' }]);
  });

  it('makes the local database again when it was deleted, without fetching anything', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    await setting.sync();
    await rm(setting.folder.database);
    expect(await setting.sync()).toMatchObject({ unchanged: ['orders'], bytes: 0 });
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '1000' }]);
  });

  it('puts back a view that was dropped a moment after the sync, also while the change stands in the log only', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    await setting.sync();
    const script = `const { DuckDBInstance } = require('@duckdb/node-api');
      DuckDBInstance.create(${JSON.stringify(setting.folder.database)}).then(async (instance) => {
        await (await instance.connect()).run('DROP VIEW orders');
        process.kill(process.pid, 'SIGKILL');
      });`;
    await new Promise((resolve) => spawn(process.execPath, ['-e', script]).once('close', resolve));
    expect(existsSync(`${setting.folder.database}.wal`)).toBe(true);
    await setting.sync();
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '1000' }]);
  });

  it('puts a dropped view back', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    await setting.sync();
    await setting.query('DROP VIEW orders');
    await setting.sync();
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '1000' }]);
  });

  it('heals the views of a workspace that was moved', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    await setting.sync();
    const moved = workspaceAt(join(dirname(setting.folder.directory), 'moved'));
    await rename(setting.folder.directory, moved.directory);
    expect(await syncWorkspace(moved, setting.client)).toMatchObject({ unchanged: ['orders'], bytes: 0 });
    await rename(moved.database, setting.folder.directory);
    const at = { ...setting, path: setting.folder.directory };
    await using database = await Database.open(at.path, { memoryLimit: '400MB', threads: 1, tempDirectory: '/tmp' });
    using session = await database.connect();
    expect(await session.rows('SELECT count(*) AS n FROM orders')).toEqual([{ n: '1000' }]);
  });

  it('fetches a local part again whose size changed, and with verify also one whose bytes changed', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    await setting.sync();
    const [file] = await setting.files();
    const path = join(setting.folder.data, file as string);
    await truncate(path, 100);
    expect((await setting.sync()).bytes).toBe(orders.bytes.length);
    const damaged = Buffer.from(orders.bytes);
    damaged[50] = (damaged[50] as number) ^ 1;
    await writeFile(path, damaged);
    expect((await setting.sync()).bytes).toBe(0);
    expect((await setting.sync({ verify: true })).bytes).toBe(orders.bytes.length);
    expect((await setting.sync({ verify: true })).bytes).toBe(0);
  });

  it('says what it would do at a dry run, and changes nothing', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    const report = await setting.sync({ dryRun: true });
    expect(report).toMatchObject({
      dry_run: true,
      downloaded: [{ table: 'orders', rows: 1000, bytes: orders.bytes.length }],
      bytes: orders.bytes.length,
    });
    expect(setting.server.partBytes).toBe(0);
    expect(existsSync(setting.folder.database)).toBe(false);
    expect(await readdir(setting.folder.work)).toEqual(['workspace.json']);
  });

  it('syncs only the tables asked for, and names the likely one when there is no such table', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] }, people: { parts: [people] } });
    expect(await setting.sync({ only: ['people'] })).toMatchObject({ downloaded: [{ table: 'people' }] });
    expect(await setting.files()).toHaveLength(1);
    await expect(setting.sync({ only: ['peopl'] })).rejects.toMatchObject({
      code: 'not_found',
      hint: 'Did you mean people?',
    });
  });

  it('does not fetch remote tables, and takes a table away that became remote', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    await setting.sync();
    setting.server.publish({ orders: { parts: [orders], query_mode: 'remote' } });
    expect(await setting.sync()).toMatchObject({ remote: ['orders'], removed: ['orders'], bytes: 0 });
  });

  it('refuses a second sync of the same workspace while one runs, and lets another workspace pass', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    const second = workspaceAt(join(dirname(setting.folder.directory), 'second'));
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    setting.server.fault = async ({ count }) => {
      if (count === 1) await held;
      return null;
    };
    const running = setting.sync();
    await expect.poll(() => setting.server.partRequests.length).toBe(1);
    await expect(setting.sync()).rejects.toMatchObject({ code: 'locked' });
    await syncWorkspace(second, setting.client);
    release();
    expect((await running).failed).toEqual([]);
  });

  it('syncs the files when another program has the database open, and the views the next time', async () => {
    await using setting = await createSetting({ orders: { parts: [orders] } });
    await setting.sync();
    const holder = spawn(process.execPath, [
      '-e',
      `require('@duckdb/node-api').DuckDBInstance.create(${JSON.stringify(setting.folder.database)}, { access_mode: 'READ_ONLY' })
        .then(async (instance) => { globalThis.kept = await instance.connect(); console.log('open'); setInterval(() => {}, 1000); });`,
    ]);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    try {
      expect(await setting.sync()).toMatchObject({ unchanged: ['orders'], errors: [] });
      setting.server.publish({ orders: { parts: [moreOrders] } });
      const report = await setting.sync();
      expect(report).toMatchObject({ downloaded: [{ table: 'orders' }], errors: [{ code: 'locked' }] });
      expect(await setting.files()).toHaveLength(2);
    } finally {
      holder.kill('SIGKILL');
      await new Promise((resolve) => holder.once('close', resolve));
    }
    expect(await setting.sync()).toMatchObject({ unchanged: ['orders'], errors: [], bytes: 0 });
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '500' }]);
    expect(await setting.files()).toHaveLength(1);
  });
});
