import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RebuildReport } from '../../src/orchestrator/shapes.ts';
import {
  foreignMeta,
  orchestrator,
  publishTables,
  queryMaster,
  runPlain,
  temporaryFolder,
  writeForeign,
} from '../helpers/extracts.ts';
import { holdForWriting } from '../helpers/hold-for-writing.ts';

const listed = (...names: string[]) => names.map((name) => `INSERT INTO _meta (table_name) VALUES ('${name}')`);

describe('an extract that somebody else wrote', () => {
  it('is adopted when it holds nothing but _meta and native tables', async () => {
    await using data = await temporaryFolder();
    await writeForeign(data.directory, 'erp', [
      foreignMeta,
      "CREATE TABLE items AS SELECT range AS id, 'item ' || range AS name FROM range(1000)",
      "INSERT INTO _meta VALUES ('items', 'Things we sell', 1000, 0, '2026-01-02 03:04:05', 'local')",
    ]);
    const keeper = orchestrator(data.directory);
    const report = await keeper.rebuild();
    expect(report).toMatchObject({ live: [{ source: 'erp', table: 'items', rows: 1000 }], stale: [], problems: [] });
    expect(await queryMaster(data.directory, 'SELECT count(*) AS n, max(name) AS last FROM erp.items')).toEqual([
      { n: '1000', last: 'item 999' },
    ]);
    const table = keeper.catalogue().tables.get('items');
    expect(table).toMatchObject({ description: 'Things we sell', updated: '2026-01-02T03:04:05.000000Z', rows: 1000 });
    expect(table?.parts).toHaveLength(1);
    expect(table?.parts[0]?.file).toBe(join(data.directory, `adopted/erp/items/${table?.parts[0]?.sha256}.parquet`));
  });

  it('is adopted in the native order of its rows, with the same bytes each time', async () => {
    await using data = await temporaryFolder();
    const statements = [
      foreignMeta,
      'CREATE TABLE items AS SELECT (range * 7919) % 5000 AS id FROM range(5000)',
      ...listed('items'),
    ];
    await writeForeign(data.directory, 'one', statements);
    await writeForeign(data.directory, 'two', statements);
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    const hashes = ['one', 'two'].map((source) => keeper.catalogue().sources.get(source)?.get('items')?.hash);
    expect(hashes[0]).toBe(hashes[1]);
    const first = await queryMaster(data.directory, 'SELECT id FROM one.items LIMIT 3');
    expect(first).toEqual([{ id: '0' }, { id: '2919' }, { id: '838' }]);
  });

  it('is adopted when its views read CSV, NDJSON or Parquet in any layout below its folder', async () => {
    await using data = await temporaryFolder();
    const files = join(data.directory, 'extracts/files/data');
    await mkdir(join(files, 'year=2024'), { recursive: true });
    await mkdir(join(files, 'year=2025'), { recursive: true });
    await writeFile(join(files, 'a.csv'), 'id,name\n1,x\n2,y\n');
    await writeFile(join(files, 'b.ndjson'), '{"id": 3}\n');
    await runPlain(':memory:', [
      `COPY (SELECT 1 AS id) TO '${files}/year=2024/p.parquet'`,
      `COPY (SELECT 2 AS id) TO '${files}/year=2025/p.parquet'`,
    ]);
    await writeForeign(data.directory, 'files', [
      foreignMeta,
      "CREATE VIEW a AS SELECT * FROM read_csv('{folder}/data/a.csv')",
      "CREATE VIEW b AS SELECT * FROM read_json('{folder}/data/b.ndjson')",
      "CREATE VIEW p AS SELECT * FROM read_parquet('{folder}/data/*/*.parquet', hive_partitioning = true)",
      'CREATE VIEW joined AS SELECT a.id, name FROM a JOIN b ON a.id < b.id',
      ...listed('a', 'b', 'p', 'joined'),
    ]);
    const report = await orchestrator(data.directory).rebuild();
    expect(report.problems).toEqual([]);
    expect(await queryMaster(data.directory, 'SELECT id, year FROM files.p ORDER BY id')).toEqual([
      { id: 1, year: '2024' },
      { id: 2, year: '2025' },
    ]);
    expect(await queryMaster(data.directory, 'SELECT count(*) AS n FROM joined')).toEqual([{ n: '2' }]);
  });

  it('loses no value that Parquet itself would change', async () => {
    await using data = await temporaryFolder();
    await writeForeign(data.directory, 'types', [
      foreignMeta,
      `CREATE TABLE t AS SELECT 5::HUGEINT AS fits, 170141183460469231731687303715884105727::HUGEINT AS big,
        340282366920938463463374607431768211455::UHUGEINT AS unsigned, '12:00:00+02'::TIMETZ AS tz,
        INTERVAL '1 day 3 microseconds' AS span, 'x'::ENUM('x', 'HUGEINT') AS e, '101'::BIT AS bits,
        {'q': 170141183460469231731687303715884105727::HUGEINT, 'INTERVAL': INTERVAL '3 microseconds'} AS nested,
        [1::HUGEINT] AS list, NULL AS nothing, union_value(k := 1) AS u, '2020-01-01 00:00:00.123456789'::TIMESTAMP_NS AS ns,
        9007199254740993::BIGINT AS exact, 1.5::DECIMAL(18, 2) AS money, 'ab'::BLOB AS bytes`,
      ...listed('t'),
    ]);
    const report = await orchestrator(data.directory).rebuild();
    expect(report.problems).toEqual([]);
    const [row] = await queryMaster(data.directory, 'SELECT * FROM t');
    expect(row).toMatchObject({
      fits: '5',
      big: '170141183460469231731687303715884105727',
      unsigned: '340282366920938463463374607431768211455',
      tz: '12:00:00+02',
      span: '1 day 00:00:00.000003',
      e: 'x',
      bits: '101',
      nested: { q: '170141183460469231731687303715884105727', INTERVAL: '00:00:00.000003' },
      list: ['1'],
      nothing: null,
      u: '{"k":1}',
      ns: '2020-01-01 00:00:00.123456789',
      exact: '9007199254740993',
      money: '1.50',
    });
    const types = await queryMaster(data.directory, 'SELECT typeof(fits) AS fits, typeof(big) AS big FROM t');
    expect(types).toEqual([{ fits: 'DECIMAL(38,0)', big: 'VARCHAR' }]);
  });

  it('is read again only when a file of it changed', async () => {
    await using data = await temporaryFolder();
    const folder = await writeForeign(data.directory, 'files', [
      foreignMeta,
      'CREATE VIEW later AS SELECT * FROM (SELECT 1 AS id, uuid() AS random)',
      ...listed('later'),
    ]);
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    const hash = () => keeper.catalogue().tables.get('later')?.hash;
    const first = hash();
    expect(await keeper.rebuild()).toMatchObject({ changed: false });
    expect(hash()).toBe(first);
    await writeFile(join(folder, 'data/new.csv'), 'a\n1\n');
    expect(await keeper.rebuild()).toMatchObject({ changed: true });
    expect(hash()).not.toBe(first);
  });

  it('stays live with its last good content and is reported stale while its writer holds it', async () => {
    await using data = await temporaryFolder();
    const folder = await writeForeign(data.directory, 'erp', [
      foreignMeta,
      'CREATE TABLE items AS SELECT 1 AS id',
      ...listed('items'),
    ]);
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    const writer = await holdForWriting(join(folder, 'extract.duckdb'), 'INSERT INTO items VALUES (2)');
    try {
      const report = await keeper.rebuild();
      expect(report).toMatchObject({
        live: [],
        stale: [{ source: 'erp', table: 'items', reason: expect.stringContaining('held by a program') }],
        problems: [{ source: 'erp', code: 'locked' }],
      });
      expect(await queryMaster(data.directory, 'SELECT id FROM items')).toEqual([{ id: 1 }]);
    } finally {
      await writer.kill();
    }
    // The killed writer left its write-ahead log behind, with what it had committed.
    expect(await readdir(folder)).toContain('extract.duckdb.wal');
    const healed = await keeper.rebuild();
    expect(healed).toMatchObject({ stale: [], live: [{ table: 'items', rows: 2 }] });
  });

  it.each([
    ['garbage', Buffer.from('this is not a database at all '.repeat(500))],
    ['an empty file', Buffer.alloc(0)],
  ])('is reported when its database is %s, and the others go live', async (_title, bytes) => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id' });
    await mkdir(join(data.directory, 'extracts/bad'), { recursive: true });
    await writeFile(join(data.directory, 'extracts/bad/extract.duckdb'), bytes);
    const report = await orchestrator(data.directory).rebuild();
    expect(report.live).toEqual([{ source: 'crm', table: 'orders', rows: 1 }]);
    expect(report.stale).toMatchObject([{ source: 'bad', table: null }]);
    expect(report.problems).toMatchObject([{ source: 'bad', table: null }]);
    expect(['not_a_database', 'meta_missing']).toContain(report.problems[0]?.code);
  });

  it('keeps its good rows when others are hostile, missing or broken', async () => {
    await using data = await temporaryFolder();
    await writeForeign(data.directory, 'mixed', [
      foreignMeta,
      'CREATE TABLE good AS SELECT 1 AS id',
      'CREATE SEQUENCE counter',
      'CREATE TABLE "x""; DROP TABLE _meta; --" AS SELECT 1 AS id',
      "CREATE VIEW broken AS SELECT error('it broke') AS id",
      "INSERT INTO _meta (table_name) VALUES ('good'), ('good'), ('Good'), ('missing'), ('counter'), ('broken'), ('../../etc'), ('x\"; DROP TABLE _meta; --'), ('main'), ('')",
      "INSERT INTO _meta (table_name, query_mode) VALUES ('odd', 'hybrid')",
    ]);
    const report = await orchestrator(data.directory).rebuild();
    expect(report.live).toEqual([{ source: 'mixed', table: 'good', rows: 1 }]);
    const codes = Object.fromEntries(report.problems.map(({ table, code }) => [table, code]));
    expect(codes).toEqual({
      good: 'name_duplicate',
      Good: 'name_invalid',
      missing: 'object_missing',
      counter: 'object_missing',
      broken: 'adoption_failed',
      '../../etc': 'name_invalid',
      'x"; DROP TABLE _meta; --': 'name_invalid',
      main: 'name_invalid',
      '': 'name_invalid',
      odd: 'query_mode_invalid',
    });
  });

  it('cannot read a file outside of its folder, neither by a path nor through a link', async () => {
    await using data = await temporaryFolder();
    const secret = join(data.directory, 'secret.csv');
    await writeFile(secret, 'password\nhunter2\n');
    const folder = await writeForeign(data.directory, 'spy', [
      foreignMeta,
      `CREATE VIEW direct AS SELECT * FROM read_csv('${secret}')`,
      "CREATE VIEW up AS SELECT * FROM read_text('{folder}/../../secret.csv')",
      `CREATE TABLE good AS SELECT 1 AS id`,
      ...listed('direct', 'up', 'good'),
    ]);
    await symlink(secret, join(folder, 'data/link.csv'));
    await runPlain(join(folder, 'extract.duckdb'), [
      `CREATE VIEW linked AS SELECT * FROM read_csv('${folder}/data/link.csv')`,
      ...listed('linked'),
    ]);
    const report = await orchestrator(data.directory).rebuild();
    expect(report.live).toMatchObject([{ table: 'good' }]);
    expect(report.problems.map(({ table, code }) => `${table} ${code}`).sort()).toEqual([
      'direct adoption_failed',
      'linked adoption_failed',
      'up adoption_failed',
    ]);
    expect(JSON.stringify(report)).not.toContain('hunter2');
    for (const { message } of report.problems)
      expect(message).toContain('which is not below the folder of the extract');
  });

  it('loses only the table that ends the process which reads it', async () => {
    await using data = await temporaryFolder();
    await writeForeign(data.directory, 'heavy', [
      foreignMeta,
      'CREATE TABLE good AS SELECT 1 AS id',
      "CREATE VIEW killer AS SELECT * FROM enable_logging(storage = 'file', storage_path = '/nowhere/at/all')",
      'CREATE TABLE other AS SELECT 2 AS id',
      ...listed('good', 'killer', 'other'),
    ]);
    const report = await orchestrator(data.directory).rebuild();
    expect(report.live.map((entry) => entry.table)).toEqual(['good', 'other']);
    expect(report.problems).toMatchObject([{ source: 'heavy', table: 'killer' }]);
  });

  it('with a table without end holds up nobody else, and loses only that table', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'crm', { orders: 'SELECT 1 AS id' });
    await writeForeign(data.directory, 'slow', [
      foreignMeta,
      'CREATE TABLE good AS SELECT 1 AS id',
      'CREATE VIEW endless AS SELECT count(*) AS n FROM range(1000000000) a, range(1000000000) b WHERE a.range % 7 = b.range % 5',
      'CREATE TABLE other AS SELECT 2 AS id',
      ...listed('good', 'endless', 'other'),
    ]);
    const keeper = orchestrator(data.directory, { extractTimeMs: 5_000 });
    let whole: RebuildReport | null = null;
    const ended = keeper.rebuild().then((report) => {
      whole = report;
    });
    expect(await keeper.rebuildAtOnce()).toMatchObject({
      live: [{ source: 'crm', table: 'orders' }],
      looking: ['slow'],
    });
    await publishTables(data.directory, 'crm', { orders: ['SELECT 1 AS id', 'SELECT 2 AS id'] });
    expect((await keeper.rebuildAtOnce()).live).toEqual([{ source: 'crm', table: 'orders', rows: 2 }]);
    expect(await queryMaster(data.directory, 'SELECT count(*) AS n FROM orders')).toEqual([{ n: '2' }]);
    expect(whole).toBeNull();
    await ended;
    expect(whole).toMatchObject({
      live: [{ table: 'orders' }, { source: 'slow', table: 'good' }, { source: 'slow', table: 'other' }],
      looking: [],
      changed: true,
      problems: [
        {
          source: 'slow',
          table: 'endless',
          code: 'adoption_failed',
          message: expect.stringContaining('longer than 5'),
        },
      ],
    });
    expect(await keeper.rebuildAtOnce()).toMatchObject({ looking: [], changed: false });
  });

  it('with an endless _meta is told as that', async () => {
    await using data = await temporaryFolder();
    await writeForeign(data.directory, 'slow', [
      'CREATE VIEW _meta AS SELECT count(*) AS table_name FROM range(1000000000) a, range(1000000000) b WHERE a.range % 7 = b.range % 5',
    ]);
    const report = await orchestrator(data.directory, { extractTimeMs: 3_000 }).rebuild();
    expect(report.stale).toEqual([
      { source: 'slow', table: null, reason: expect.stringContaining('it took longer than 3 seconds') },
    ]);
  });

  it('is served from its own files when _parts names them, and refused where they are not what it says', async () => {
    await using data = await temporaryFolder();
    const files = join(data.directory, 'extracts/parts/data');
    await mkdir(files, { recursive: true });
    await runPlain(':memory:', [`COPY (SELECT range AS id FROM range(4)) TO '${files}/p.parquet'`]);
    const { createHash } = await import('node:crypto');
    const { readFile } = await import('node:fs/promises');
    const bytes = await readFile(join(files, 'p.parquet'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await writeForeign(data.directory, 'parts', [
      foreignMeta,
      'CREATE TABLE _parts (table_name VARCHAR, path VARCHAR, rows BIGINT, size_bytes BIGINT, sha256 VARCHAR)',
      ...['good', 'lie', 'miscount', 'escape'].map(
        (name) => `CREATE VIEW ${name} AS SELECT * FROM read_parquet('{folder}/data/p.parquet')`,
      ),
      ...listed('good', 'lie', 'miscount', 'escape'),
      `INSERT INTO _parts VALUES ('good', 'data/p.parquet', 4, ${bytes.length}, '${sha256}')`,
      `INSERT INTO _parts VALUES ('lie', 'data/p.parquet', 4, ${bytes.length}, '${'0'.repeat(64)}')`,
      `INSERT INTO _parts VALUES ('miscount', 'data/p.parquet', 5, ${bytes.length}, '${sha256}')`,
      `INSERT INTO _parts VALUES ('escape', '../../secret.parquet', 4, ${bytes.length}, '${sha256}')`,
    ]);
    const keeper = orchestrator(data.directory);
    const report = await keeper.rebuild();
    expect(report.live).toEqual([{ source: 'parts', table: 'good', rows: 4 }]);
    expect(report.problems.map(({ table, code }) => `${table} ${code}`)).toEqual([
      'lie part_sha256',
      'miscount part_rows',
      'escape part_path',
    ]);
    expect(keeper.catalogue().tables.get('good')?.parts[0]?.file).toBe(join(files, 'p.parquet'));
  });

  it('loses its adopted parts after the grace time when it is gone', async () => {
    await using data = await temporaryFolder();
    let now = 1_000_000;
    const keeper = orchestrator(data.directory, { graceMs: 1_000, now: () => now });
    const folder = await writeForeign(data.directory, 'erp', [
      foreignMeta,
      'CREATE TABLE items AS SELECT 1 AS id',
      ...listed('items'),
    ]);
    await keeper.rebuild();
    await rm(folder, { recursive: true });
    await keeper.rebuild();
    expect(await readdir(join(data.directory, 'adopted/erp/items'))).toHaveLength(1);
    now += 1_000;
    await keeper.rebuild();
    expect(await readdir(join(data.directory, 'adopted'))).toEqual([]);
  });

  it('written by fifteen lines of plain Node is live', async () => {
    await using data = await temporaryFolder();
    const { execFileSync } = await import('node:child_process');
    const program = new URL('../doubles/third-party/extract.mjs', import.meta.url).pathname;
    execFileSync(process.execPath, [program, join(data.directory, 'extracts/weather')]);
    const report = await orchestrator(data.directory).rebuild();
    expect(report).toMatchObject({ live: [{ source: 'weather', table: 'readings', rows: 24 }], problems: [] });
    expect(await queryMaster(data.directory, 'SELECT count(*) AS n FROM readings')).toEqual([{ n: '24' }]);
  });
});
