import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { extractFolder } from '../../src/contract/extract-folder.ts';
import { takeLock } from '../../src/files/lock.ts';
import { orchestrator, publishTables, queryMaster, runPlain, temporaryFolder } from '../helpers/extracts.ts';
import { holdForWriting } from '../helpers/hold-for-writing.ts';

describe('a rebuild', () => {
  it('leaves an empty master that can be opened when there is no extract', async () => {
    await using data = await temporaryFolder();
    const report = await orchestrator(data.directory).rebuild();
    expect(report).toMatchObject({ live: [], stale: [], problems: [] });
    expect(await queryMaster(data.directory, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('serves each local table in the schema of its source and under its flat name', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', {
      orders: ['SELECT range AS id FROM range(3)', 'SELECT 3 + range AS id FROM range(2)'],
    });
    const report = await orchestrator(data.directory).rebuild();
    expect(report).toMatchObject({ live: [{ source: 'crm', table: 'orders', rows: 5 }], generation: 1, changed: true });
    expect(report.claims).toEqual(new Map([['orders', 'crm']]));
    expect(await queryMaster(data.directory, 'SELECT sum(id) AS sum FROM orders')).toEqual([{ sum: '10' }]);
    expect(await queryMaster(data.directory, 'SELECT count(*) AS n FROM crm.orders')).toEqual([{ n: '5' }]);
    expect((await readdir(data.directory)).filter((name) => name.endsWith('.wal'))).toEqual([]);
  });

  it('says nothing of a folder where our own first run has published nothing yet, and tells of any other', async () => {
    await using data = await temporaryFolder();
    await mkdir(extractFolder(data.directory, 'failed').work, { recursive: true });
    await mkdir(extractFolder(data.directory, 'foreign').directory, { recursive: true });
    const { stale, problems } = await orchestrator(data.directory).rebuild();
    expect(stale.map(({ source }) => source)).toEqual(['foreign']);
    expect(problems.map(({ source, code }) => `${source} ${code}`)).toEqual(['foreign extract_missing']);
  });

  it('describes every table in its catalogue, parts with absolute paths', async () => {
    await using data = await temporaryFolder();
    const published = await publishTables(data.directory, 'crm', { orders: "SELECT 1 AS id, 'x' AS name" });
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    const table = keeper.catalogue().tables.get('orders');
    const part = published.tables.get('orders')?.parts[0];
    expect(table).toEqual({
      id: 'orders',
      source: 'crm',
      description: 'The table orders',
      hash: `sha256:${part?.sha256}`,
      updated: '2026-01-31T12:00:00.000000Z',
      rows: 1,
      size_bytes: part?.size_bytes,
      query_mode: 'local',
      columns: [
        { name: 'id', type: 'INTEGER' },
        { name: 'name', type: 'VARCHAR' },
      ],
      parts: [
        {
          sha256: part?.sha256,
          size_bytes: part?.size_bytes,
          rows: 1,
          file: join(data.directory, 'extracts/crm', part?.path ?? ''),
        },
      ],
      stale: null,
      schema_changes: [],
    });
  });

  it('changes nothing when nothing changed', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id' });
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    const before = await stat(join(data.directory, 'analytics.duckdb'), { bigint: true });
    const report = await keeper.rebuild();
    const after = await stat(join(data.directory, 'analytics.duckdb'), { bigint: true });
    expect(report).toMatchObject({ changed: false, generation: 1, live: [{ table: 'orders' }] });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
  });

  it('does not open an unchanged extract, not even in a restarted process', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id' });
    await publishTables(data.directory, 'erp', { items: 'SELECT 1 AS id' });
    await orchestrator(data.directory).rebuild();
    const { database } = extractFolder(data.directory, 'crm');
    // A file that another process holds for writing could not be opened.
    const held = await holdForWriting(database);
    try {
      await publishTables(data.directory, 'erp', { items: 'SELECT 2 AS id' });
      const restarted = orchestrator(data.directory);
      expect(restarted.catalogue().tables.get('orders')?.rows).toBe(1);
      const report = await restarted.rebuild();
      expect(report.problems).toEqual([]);
      expect(report.live.map((entry) => entry.table).sort()).toEqual(['items', 'orders']);
    } finally {
      await held.kill();
    }
    expect(await queryMaster(data.directory, 'SELECT id FROM items')).toEqual([{ id: 2 }]);
  });

  it('drops the views of a table and of a source that are gone', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id', items: 'SELECT 1 AS id' });
    await publishTables(data.directory, 'erp', { stock: 'SELECT 1 AS id' });
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    await publishTables(data.directory, 'crm', {}, ['items']);
    await rm(join(data.directory, 'extracts/erp'), { recursive: true });
    const report = await keeper.rebuild();
    expect(report.live).toEqual([{ source: 'crm', table: 'orders', rows: 1 }]);
    const views = await queryMaster(
      data.directory,
      'SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL',
    );
    expect(views).toEqual([
      { schema_name: 'crm', view_name: 'orders' },
      { schema_name: 'main', view_name: 'orders' },
    ]);
    expect([...keeper.catalogue().sources.keys()]).toEqual(['crm']);
  });

  it('keeps a registered table whose folder is gone, and says that it is stale', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id' });
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    await rename(join(data.directory, 'extracts/crm'), join(data.directory, 'moved-away'));
    const report = await keeper.rebuild({ registered: new Map([['orders', 'crm']]) });
    expect(report.stale).toMatchObject([{ source: 'crm', table: 'orders' }]);
    expect(report.problems).toMatchObject([{ source: 'crm', code: 'source_missing' }]);
    await rename(join(data.directory, 'moved-away'), join(data.directory, 'extracts/crm'));
    const healed = await keeper.rebuild({ registered: new Map([['orders', 'crm']]) });
    expect(healed).toMatchObject({ stale: [], problems: [], live: [{ table: 'orders' }] });
    expect(await queryMaster(data.directory, 'SELECT id FROM orders')).toEqual([{ id: 1 }]);
  });

  it('builds the master anew when it is lost or another one', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 7 AS id' });
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    await rm(join(data.directory, 'analytics.duckdb'));
    await keeper.rebuild();
    expect(await queryMaster(data.directory, 'SELECT id FROM crm.orders')).toEqual([{ id: 7 }]);
    await writeFile(join(data.directory, 'analytics.duckdb'), 'not a database');
    await keeper.rebuild();
    expect(await queryMaster(data.directory, 'SELECT id FROM crm.orders')).toEqual([{ id: 7 }]);
  });

  it('builds everything anew when the catalogue is lost or damaged', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 7 AS id' });
    await orchestrator(data.directory).rebuild();
    await writeFile(join(data.directory, 'catalogue.json'), '{"version":1,');
    const report = await orchestrator(data.directory).rebuild();
    expect(report).toMatchObject({ live: [{ table: 'orders' }], changed: true });
  });

  it('heals master and extracts when the data folder was moved, also below a folder that looks like a partition', async () => {
    await using data = await temporaryFolder();
    const first = join(data.directory, 'first');
    const second = join(data.directory, 'env=prod');
    await publishTables(first, 'crm', { orders: ['SELECT 7 AS id', 'SELECT 8 AS id'] });
    await orchestrator(first).rebuild();
    await rename(first, second);
    const report = await orchestrator(second).rebuild();
    expect(report).toMatchObject({ stale: [], problems: [], changed: true });
    expect(await queryMaster(second, 'SELECT * FROM orders ORDER BY id')).toEqual([{ id: 7 }, { id: 8 }]);
    const extract = extractFolder(second, 'crm').database;
    expect(await runPlain(extract, ['SELECT * FROM orders ORDER BY id'], { access_mode: 'READ_ONLY' })).toEqual([
      { id: 7 },
      { id: 8 },
    ]);
    expect(await orchestrator(second).rebuild()).toMatchObject({ changed: false });
  });

  it('keeps the last good content of a table whose new part is damaged, and says so', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id', items: 'SELECT 1 AS id' });
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    const next = await publishTables(data.directory, 'crm', { orders: 'SELECT 2 AS id', items: 'SELECT 2 AS id' });
    const part = join(data.directory, 'extracts/crm', next.tables.get('orders')?.parts[0]?.path ?? '');
    const { size } = await stat(part);
    await chmod(part, 0o644);
    await writeFile(part, Buffer.alloc(size, 'x'));
    const report = await keeper.rebuild();
    expect(report.stale).toMatchObject([{ source: 'crm', table: 'orders' }]);
    expect(report.problems).toMatchObject([{ source: 'crm', table: 'orders', code: 'view_failed' }]);
    const both = 'SELECT (SELECT id FROM orders) AS orders, (SELECT id FROM crm.items) AS items';
    expect(await queryMaster(data.directory, both)).toEqual([{ orders: 1, items: 2 }]);
    await rm(join(data.directory, 'analytics.duckdb'));
    await keeper.rebuild({ full: true });
    expect(await queryMaster(data.directory, both)).toEqual([{ orders: 1, items: 2 }]);
  });

  it.each([
    ['is missing', (file: string) => rm(file), 'part_missing'],
    ['has another size', (file: string) => chmod(file, 0o644).then(() => writeFile(file, 'short')), 'part_size'],
  ])('reports a part that %s, and the other tables go live', async (_title, damage, code) => {
    await using data = await temporaryFolder();
    const published = await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id', items: 'SELECT 1 AS id' });
    await damage(join(data.directory, 'extracts/crm', published.tables.get('orders')?.parts[0]?.path ?? ''));
    const report = await orchestrator(data.directory).rebuild();
    expect(report.live).toMatchObject([{ table: 'items' }]);
    expect(report.problems).toMatchObject([{ source: 'crm', table: 'orders', code }]);
  });

  it('reports a folder whose name cannot be a source, and one without an extract', async () => {
    await using data = await temporaryFolder();
    await mkdir(join(data.directory, 'extracts/My Source; DROP'), { recursive: true });
    await mkdir(join(data.directory, 'extracts/empty_one'), { recursive: true });
    await writeFile(join(data.directory, 'extracts/.hidden'), '');
    const report = await orchestrator(data.directory).rebuild();
    expect(report.problems.map(({ source, code }) => [source, code])).toEqual([
      ['My Source; DROP', 'source_name'],
      ['empty_one', 'extract_missing'],
    ]);
  });

  it('keeps remote tables in the catalogue and out of the master', async () => {
    await using data = await temporaryFolder();
    const folder = join(data.directory, 'extracts/bq');
    await mkdir(folder, { recursive: true });
    await runPlain(join(folder, 'extract.duckdb'), [
      'CREATE TABLE _meta (table_name VARCHAR NOT NULL, description VARCHAR, rows BIGINT, size_bytes BIGINT, extracted_at TIMESTAMP, query_mode VARCHAR)',
      'CREATE TABLE _remote_attach (alias VARCHAR, extension VARCHAR, url VARCHAR, token_env VARCHAR)',
      "INSERT INTO _remote_attach VALUES ('bq', 'bigquery', 'project=acme', 'BQ_TOKEN')",
      "INSERT INTO _meta VALUES ('events', NULL, 0, 0, NULL, 'remote')",
    ]);
    const keeper = orchestrator(data.directory);
    const report = await keeper.rebuild();
    expect(report).toMatchObject({ live: [{ source: 'bq', table: 'events' }], problems: [] });
    expect(keeper.catalogue().tables.get('events')).toMatchObject({ query_mode: 'remote', parts: [] });
    expect(await queryMaster(data.directory, 'SELECT view_name FROM duckdb_views() WHERE NOT internal')).toEqual([]);
  });

  it('runs one at a time; callers during a run share the one that follows', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id' });
    const keeper = orchestrator(data.directory);
    const first = keeper.rebuildAtOnce();
    const second = keeper.rebuildAtOnce();
    const third = keeper.rebuildAtOnce();
    expect(second).toBe(third);
    await first;
    expect((await second).changed).toBe(false);
  });

  it('refuses while another process rebuilds the same folder', async () => {
    await using data = await temporaryFolder();
    await using _lock = await takeLock(join(data.directory, '.da/rebuild.lock'), 'test');
    await expect(orchestrator(data.directory).rebuild()).rejects.toMatchObject({ code: 'locked' });
  });

  it('serves a source that is called like the database itself', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'analytics', { orders: 'SELECT 1 AS id' });
    const report = await orchestrator(data.directory).rebuild();
    expect(report.problems).toMatchObject([{ source: 'analytics', table: null, code: 'source_shadowed' }]);
    expect(await queryMaster(data.directory, 'SELECT id FROM orders')).toEqual([{ id: 1 }]);
    expect(await queryMaster(data.directory, 'SELECT id FROM analytics.analytics.orders')).toEqual([{ id: 1 }]);
  });

  it('forgets a table of ours for good', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id', items: 'SELECT 1 AS id' });
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    expect(await keeper.forget('crm', 'orders')).toBe(true);
    expect(await keeper.forget('crm', 'orders')).toBe(false);
    expect((await keeper.rebuild()).live).toMatchObject([{ table: 'items' }]);
  });
});

describe('the sweep after a rebuild', () => {
  it('removes parts that nothing names when their grace time is over, and leaves no empty folder', async () => {
    await using data = await temporaryFolder();
    let now = 1_000_000;
    const keeper = orchestrator(data.directory, { graceMs: 1_000, now: () => now });
    const old = await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id', gone: 'SELECT 1 AS id' });
    await keeper.rebuild();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 2 AS id' }, ['gone']);
    await keeper.rebuild();
    const oldPart = join(data.directory, 'extracts/crm', old.tables.get('orders')?.parts[0]?.path ?? '');
    now += 999;
    await keeper.rebuild();
    expect(await exists(oldPart)).toBe(true);
    now += 1;
    await keeper.rebuild();
    expect(await exists(oldPart)).toBe(false);
    expect(await readdir(join(data.directory, 'extracts/crm/data'))).toEqual(['orders']);
    expect(await queryMaster(data.directory, 'SELECT id FROM orders')).toEqual([{ id: 2 }]);
  });

  it('never removes what the master names or what a stale table still serves', async () => {
    await using data = await temporaryFolder();
    let now = 1_000_000;
    const keeper = orchestrator(data.directory, { graceMs: 0, now: () => now });
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id' });
    await keeper.rebuild();
    const next = await publishTables(data.directory, 'crm', { orders: 'SELECT 2 AS id', items: 'SELECT 5 AS id' });
    await rm(join(data.directory, 'extracts/crm', next.tables.get('orders')?.parts[0]?.path ?? ''));
    for (let round = 0; round < 3; round += 1) {
      now += 10;
      await keeper.rebuild();
    }
    expect(await queryMaster(data.directory, 'SELECT id FROM orders')).toEqual([{ id: 1 }]);
    expect(await queryMaster(data.directory, 'SELECT id FROM items')).toEqual([{ id: 5 }]);
  });

  it('leaves a source alone that is being extracted, and sweeps it later', async () => {
    await using data = await temporaryFolder();
    let now = 1_000_000;
    const keeper = orchestrator(data.directory, { graceMs: 0, now: () => now });
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id' });
    await keeper.rebuild();
    const folder = join(data.directory, 'extracts/crm/data/orders');
    await publishTables(data.directory, 'crm', { orders: 'SELECT 2 AS id' });
    {
      await using _lock = await takeLock(join(data.directory, 'extracts/crm/.da/lock'), 'an extraction');
      for (let round = 0; round < 3; round += 1) {
        now += 10;
        await keeper.rebuild();
      }
      expect(await readdir(folder)).toHaveLength(2);
    }
    for (let round = 0; round < 2; round += 1) {
      now += 10;
      await keeper.rebuild();
    }
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('removes the scratch of rebuilds that were killed', async () => {
    await using data = await temporaryFolder();
    const scratch = join(data.directory, '.da/scratch/999999999-left');
    await mkdir(scratch, { recursive: true });
    await writeFile(join(scratch, 'analytics.duckdb'), 'half');
    await orchestrator(data.directory).rebuild();
    expect(await readdir(join(data.directory, '.da/scratch'))).toEqual([]);
  });
});

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
