import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringPostgresExtension } from '../../../scripts/bring-extension.mjs';
import type { ExtractReport } from '../../../src/extract/shapes.ts';
import { tableRequest } from '../../helpers/extract-request.ts';
import { startTestPostgres, type TestPostgres } from '../../helpers/postgres-server.ts';
import { type PostgresSource, postgresSource } from '../../helpers/postgres-source.ts';
import { createGoldenTables, goldens } from '../../helpers/postgres-types.ts';

const brought = await bringPostgresExtension();
const duckdb = { memoryLimit: '400MB', threads: 2, extensionDirectories: brought.directory ? [brought.directory] : [] };

let server: TestPostgres;
const sources: PostgresSource[] = [];

beforeAll(async () => {
  server = await startTestPostgres();
});

afterAll(async () => {
  for (const source of sources) await source.remove();
  await server?.stop();
});

async function sourceWith(settings: Record<string, unknown>): Promise<PostgresSource> {
  const source = await postgresSource({ url: server.url, ...settings });
  sources.push(source);
  return source;
}

/** What is published: columns with types, and the hashes of the parts. */
async function contentOf(source: PostgresSource): Promise<Record<string, unknown>> {
  const { tables } = await source.catalogue();
  return Object.fromEntries(
    [...tables].map(([id, { parts, record }]) => [
      id,
      { columns: record?.columns, parts: parts.map(({ sha256, rows }) => ({ sha256, rows })) },
    ]),
  );
}

const facts = (report: ExtractReport) =>
  report.tables.map(({ id, status, rows, warnings, error }) => ({ id, status, rows, warnings, error }));

const natively = (report: ExtractReport) =>
  report.notes.flatMap((note) => /^(\w+) is read natively/.exec(note)?.[1] ?? []).sort();

describe('driver: extension without an extension', () => {
  it('fails the table, says what is wanted and where it was looked for, and keeps the data; others are read', async () => {
    await server.run('CREATE TABLE insisting AS SELECT 1 AS id; CREATE TABLE easy AS SELECT 1 AS id');
    const source = await sourceWith({});
    const insisting = tableRequest('insisting', { options: { driver: 'extension' } });
    expect((await source.extract(['insisting'])).tables).toMatchObject([{ status: 'succeeded', rows: 1 }]);
    await server.run('INSERT INTO insisting VALUES (2)');
    const nowhere = { ...duckdb, extensionDirectories: ['/nowhere/extensions'] };
    const report = await source.extract([insisting, 'easy'], { duckdb: nowhere });
    expect(report.tables).toMatchObject([
      {
        status: 'failed',
        rows: 1,
        error: {
          code: 'unsupported',
          message: expect.stringMatching(
            /postgres_scanner for DuckDB v.* is missing; looked for \/nowhere\/extensions\//,
          ),
          hint: expect.stringMatching(/da extensions install.*auto or native/),
        },
      },
      { id: 'easy', status: 'succeeded' },
    ]);
    const unset = await source.extract([insisting], { duckdb: { ...duckdb, extensionDirectories: [] } });
    expect(unset.tables[0]?.error?.message).toContain('duckdb.extension_directories is empty');
    await expect(source.plan(insisting)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it.skipIf(brought.reason !== undefined)(
    'fails where the server cannot be read by it, and auto reads on',
    async () => {
      await server.run("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0");
      const url = server.url.replace(/\/postgres$/, '/bytes');
      const insisting = await sourceWith({ url, driver: 'extension' });
      const easy = await sourceWith({ url, driver: 'auto' });
      const version = tableRequest('settings', { bucket: 'pg_catalog', source_table: 'pg_am' });
      expect((await insisting.extract([version], { duckdb })).tables[0]).toMatchObject({
        status: 'failed',
        error: { code: 'unsupported', message: expect.stringContaining('SQL_ASCII') },
      });
      expect((await easy.extract([version], { duckdb })).tables[0]).toMatchObject({ status: 'succeeded' });
    },
  );
});

describe.skipIf(brought.reason !== undefined)(
  `the Postgres extension${brought.reason === undefined ? '' : ` (not run: ${brought.reason})`}`,
  () => {
    it('gives the same types, values, warnings and bytes as the native way over the whole type table', async () => {
      await createGoldenTables(server);
      const tables = goldens.map((_, index) => tableRequest(`t${index}`, { primary_key: ['id'] }));
      const native = await sourceWith({ driver: 'native' });
      const extension = await sourceWith({ driver: 'extension' });
      const first = await native.extract(tables);
      const second = await extension.extract(tables, { duckdb });
      expect(facts(second)).toEqual(facts(first));
      const [expected, found] = [await contentOf(native), await contentOf(extension)];
      for (const [index, { declared }] of goldens.entries())
        expect({ declared, ...(found[`t${index}`] as object) }).toEqual({
          declared,
          ...(expected[`t${index}`] as object),
        });
      expect(second.notes[0]).toContain('Engine: the Postgres extension at');
      // These hold values that the extension would change without a word: NaN as 0, instants beyond 64 bits as years before Christ.
      const unfit = goldens.flatMap(({ declared, warning }, index) =>
        warning !== undefined && /^(numeric\(12,4\)|timestamp)/.test(declared) && !declared.endsWith(']')
          ? [`t${index}`]
          : [],
      );
      expect(natively(second)).toEqual(unfit.sort());
      expect(unfit).toHaveLength(3);
      // What is text by now is asked for as text: nothing has to be read twice.
      expect(natively(await extension.extract(tables, { duckdb, full: false }))).toEqual([]);
      expect(await contentOf(extension)).toEqual(expected);
    });

    it('cuts a large table at the same pages, keeps the order of its rows, and switches engines without a new byte', async () => {
      await server.run(`CREATE TABLE pages AS SELECT i::bigint AS id, md5(i::text) AS token, i * 0.37::float8 AS ratio,
        (i::numeric / 100)::numeric(14,2) AS amount, TIMESTAMPTZ '2020-01-01 00:00:00.123456+00' + i * INTERVAL '1 second' AS created,
        jsonb_build_object('a', i) AS payload, repeat(md5((i * 3)::text) || ' ', 6) AS note, CASE WHEN i % 3 = 0 THEN NULL ELSE 'x' || i END AS comment
        FROM generate_series(1, 240000) i`);
      await server.run('DELETE FROM pages WHERE id % 7 = 0');
      const source = await sourceWith({ driver: 'native', connections: 3 });
      expect((await source.extract(['pages'])).tables[0]).toMatchObject({ status: 'succeeded', rows: 205_715 });
      const native = await contentOf(source);
      expect((native.pages as { parts: unknown[] }).parts.length).toBeGreaterThan(1);
      const switched = await sourceWith({ driver: 'auto', connections: 3 });
      const report = await switched.extract(['pages'], { duckdb });
      expect(report).toMatchObject({ tables: [{ status: 'succeeded', rows: 205_715 }] });
      expect(report.notes.join()).toContain('Engine: the Postgres extension');
      expect(natively(report)).toEqual([]);
      expect(await contentOf(switched)).toEqual(native);
      // The same folder, now natively: nothing is new.
      const back = await switched.extract([tableRequest('pages')]);
      expect(back).toMatchObject({ tables: [{ status: 'unchanged' }], notes: [] });
    });

    it('reads tables of both engines at one instant', async () => {
      await server.run(`CREATE TABLE early (id int); CREATE TABLE late (id int);
        CREATE VIEW slow AS SELECT id, pg_sleep(2)::text AS pause FROM early;
        INSERT INTO early VALUES (1); INSERT INTO late VALUES (1)`);
      const source = await sourceWith({ driver: 'extension', connections: 1 });
      const slow = tableRequest('slow', { options: { driver: 'native' } });
      const running = source.extract([slow, 'early', 'late'], { duckdb });
      const sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
      while ((await server.rows(sleeping)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await server.run('INSERT INTO early VALUES (2); INSERT INTO late VALUES (2)');
      const report = await running;
      expect(facts(report).map(({ id, rows }) => ({ id, rows }))).toEqual([
        { id: 'slow', rows: 1 },
        { id: 'early', rows: 1 },
        { id: 'late', rows: 1 },
      ]);
      expect(natively(report)).toEqual([]);
    });

    it('reads natively and says why, once, when the extension is not where auto looked for it', async () => {
      const source = await sourceWith({ driver: 'auto' });
      const [{ count }] = (await server.rows('SELECT count(*)::int AS count FROM early')) as [{ count: number }];
      const nowhere = { ...duckdb, extensionDirectories: ['/nowhere/extensions'] };
      const missing = await source.extract(['early', 'late'], { duckdb: nowhere });
      expect(missing).toMatchObject({
        tables: [
          { status: 'succeeded', rows: count },
          { id: 'late', status: 'succeeded' },
        ],
      });
      expect(missing.notes).toEqual([expect.stringMatching(/^Engine: native\. .*missing.*\/nowhere\/extensions/)]);
    });

    it('never takes what a dying backend sent for the whole, and reads the table again natively', async () => {
      await server.run(
        'CREATE TABLE rests AS SELECT i FROM generate_series(1, 100000) i; CREATE VIEW dying AS SELECT i, CASE WHEN i = 90000 THEN pg_sleep(3)::text END AS pause FROM rests',
      );
      const source = await sourceWith({ driver: 'extension' });
      const running = source.extract(['dying', 'early'], { duckdb });
      const reading = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
      let victims: { pid: number }[] = [];
      while (victims.length === 0) victims = await server.rows<{ pid: number }>(reading);
      await server.run(`SELECT pg_terminate_backend(${victims[0]!.pid})`);
      const report = await running;
      expect(report.tables).toMatchObject([
        { id: 'dying', status: 'succeeded', rows: 100_000 },
        { id: 'early', status: 'succeeded' },
      ]);
      expect(natively(report)).toEqual(['dying']);
    });

    it('has left no connection behind', async () => {
      const ours = "SELECT pid FROM pg_stat_activity WHERE application_name = 'data-attache'";
      for (let attempt = 0; attempt < 50 && (await server.rows(ours)).length > 0; attempt += 1)
        await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await server.rows(ours)).toEqual([]);
    });

    it('follows the table before the source', async () => {
      const source = await sourceWith({ driver: 'native' });
      const chosen = tableRequest('early', { options: { driver: 'extension' } });
      expect((await source.extract([chosen], { duckdb })).notes.join()).toContain('Engine: the Postgres extension');
      expect((await source.extract(['late'], { duckdb })).notes).toEqual([]);
    });

    it('serves a cursor and a filter as the native way does', async () => {
      await server.run(`CREATE TABLE changes (id int PRIMARY KEY, kind text, at timestamptz NOT NULL);
        INSERT INTO changes SELECT i, 'k' || i % 3, TIMESTAMPTZ '2024-01-01' + i * INTERVAL '1 hour' FROM generate_series(1, 500) i`);
      const changes = tableRequest('changes', {
        primary_key: ['id'],
        sync_strategy: 'incremental',
        options: { cursor: 'at', mode: 'merge', where: [{ column: 'kind', op: 'ne', value: 'k0' }] },
      });
      const native = await sourceWith({ driver: 'native' });
      const extension = await sourceWith({ driver: 'extension' });
      for (const source of [native, extension]) await source.extract([changes], { duckdb });
      await server.run(`UPDATE changes SET kind = 'k1', at = TIMESTAMPTZ '2024-02-01' + id * INTERVAL '1 hour' WHERE id IN (3, 400);
        INSERT INTO changes VALUES (501, 'k2', '2024-03-01')`);
      for (const source of [native, extension])
        expect(await source.extract([changes], { duckdb })).toMatchObject({
          tables: [{ status: 'succeeded', rows: 336 }],
        });
      expect(await contentOf(extension)).toEqual(await contentOf(native));
    });
  },
);
