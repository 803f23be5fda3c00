import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { tableRequest } from '../../helpers/extract-request.ts';
import { startTestPostgres, type TestPostgres } from '../../helpers/postgres-server.ts';
import { type PostgresSource, postgresSource } from '../../helpers/postgres-source.ts';

let server: TestPostgres;
let source: PostgresSource;

beforeAll(async () => {
  server = await startTestPostgres();
  await server.run(`
    CREATE TABLE calm AS SELECT 1 AS x;
    CREATE TABLE numbers AS SELECT i FROM generate_series(1, 20000) i;
    CREATE VIEW slow AS SELECT i, CASE WHEN i % 1000 = 0 THEN pg_sleep(0.2) IS NULL END AS waited, repeat('x', 500) AS pad FROM numbers`);
});

afterAll(() => server?.stop());

beforeEach(async () => {
  source = await postgresSource({ url: server.url, lock_timeout_seconds: 2 });
});

afterEach(async () => {
  await source.remove();
  expect(await backends("application_name = 'data-attache'")).toBe(0);
});

async function backends(condition: string): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const [row] = await server.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE ${condition}`,
    );
    if (row?.n === 0 || attempt === 100) return row?.n ?? -1;
    await sleep(50);
  }
}

const copying = "application_name = 'data-attache' AND state = 'active' AND query LIKE 'COPY%slow%'";

async function whenCopying(): Promise<number> {
  for (;;) {
    const [row] = await server.rows<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE ${copying} LIMIT 1`);
    if (row) return row.pid;
    await sleep(20);
  }
}

/** The code and whether a retry can help, of each table. */
async function outcomes(tables: Parameters<PostgresSource['extract']>[0], during?: () => Promise<void>) {
  const [report] = await Promise.all([source.extract(tables), during?.()]);
  return report.tables.map(({ id, status, error }) => ({
    id,
    status,
    code: error?.code ?? null,
    retryable: error?.retryable ?? null,
    message: error?.message ?? '',
  }));
}

it('fails a table whose backend is killed and publishes the others', async () => {
  const results = await outcomes(['slow', 'calm'], async () => {
    await server.run(`SELECT pg_terminate_backend(${await whenCopying()})`);
  });
  expect(results).toMatchObject([
    { id: 'slow', status: 'failed', code: 'source_failed', retryable: true },
    { id: 'calm', status: 'succeeded' },
  ]);
});

it('keeps the old rows of a table that fails on the server in the middle', async () => {
  await server.run(
    'CREATE TABLE halves AS SELECT i FROM generate_series(1, 50000) i; CREATE VIEW quotients AS SELECT i, 10 / (i - 60000) AS q FROM halves',
  );
  await source.extract(['quotients']);
  await server.run('INSERT INTO halves VALUES (60000)');
  const [result] = await outcomes(['quotients']);
  expect(result).toMatchObject({ status: 'failed', code: 'source_data' });
  expect(result?.message).toContain('division by zero');
  expect(await source.query('SELECT count(*)::INT AS n FROM quotients')).toEqual([{ n: 50_000 }]);
});

it('gives up a locked table after the lock timeout', async () => {
  const holder = await server.connect();
  await server.run('CREATE TABLE locked AS SELECT 1 AS x');
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE locked IN ACCESS EXCLUSIVE MODE');
  const results = await outcomes(['locked', 'calm']);
  await holder.query('ROLLBACK');
  expect(results).toMatchObject([
    { status: 'failed', code: 'source_failed', retryable: true },
    { status: 'succeeded' },
  ]);
  expect(results[0]?.message).toContain('55P03');
});

it('ends a statement that takes longer than the statement timeout', async () => {
  await source.remove();
  source = await postgresSource({ url: server.url, statement_timeout_seconds: 1 });
  expect(await outcomes(['slow'])).toMatchObject([{ status: 'failed', code: 'source_failed', retryable: true }]);
});

it('says which right is missing', async () => {
  await server.run(
    "CREATE ROLE poor LOGIN PASSWORD 'poor'; CREATE TABLE private AS SELECT 1 AS x; GRANT SELECT ON calm TO poor",
  );
  await source.remove();
  source = await postgresSource({ url: server.url.replace(/\/\/[^@]*@/, '//poor:poor@') });
  const results = await outcomes(['private', 'calm']);
  expect(results).toMatchObject([{ status: 'failed', code: 'source_forbidden' }, { status: 'succeeded' }]);
  expect(results[0]?.message).toContain('permission denied for table private');
});

it('says that a table is not there', async () => {
  expect(await outcomes(['nowhere', 'calm'])).toMatchObject([
    { status: 'failed', code: 'source_missing' },
    { status: 'succeeded' },
  ]);
});

it.for([
  ['dropped', 'DROP TABLE victim'],
  ['emptied', 'TRUNCATE victim'],
  ['rewritten', 'ALTER TABLE victim ALTER COLUMN x TYPE bigint'],
  ['replaced', 'DROP TABLE victim; CREATE TABLE victim AS SELECT 2 AS x'],
  ['stripped of a column', 'ALTER TABLE victim DROP COLUMN x'],
])('never takes a table for empty that is %s while the run goes on', async ([, statement]) => {
  await server.run('DROP TABLE IF EXISTS victim; CREATE TABLE victim AS SELECT 1 AS x, 2 AS y');
  const changer = await server.connect();
  await changer.query('BEGIN');
  await changer.query('LOCK TABLE victim IN ACCESS EXCLUSIVE MODE');
  const results = await outcomes(['victim', 'calm'], async () => {
    // The run has its snapshot and waits for the lock: what is changed now, it must not see as an empty table.
    while (
      (
        await server.rows(
          "SELECT 1 FROM pg_stat_activity WHERE application_name = 'data-attache' AND wait_event_type = 'Lock'",
        )
      ).length === 0
    )
      await sleep(10);
    await changer.query(statement!);
    await changer.query('COMMIT');
  });
  expect(results).toMatchObject([{ status: 'failed' }, { status: 'succeeded' }]);
  expect(['source_failed', 'source_missing']).toContain(results[0]?.code);
});

it('ends its statements on the server when the run is cancelled', async () => {
  const stop = new AbortController();
  const running = source.extract(['slow'], {}, { signal: stop.signal }).then(
    (report) => report.tables[0]?.status,
    (error: { code?: string }) => error.code,
  );
  await whenCopying();
  stop.abort();
  expect(await running).toBe('cancelled');
  expect(await backends("query LIKE 'COPY%slow%' AND state = 'active'")).toBe(0);
});

it('reads eight tables at once', async () => {
  const tables = Array.from({ length: 8 }, (_, index) => `many_${index}`);
  for (const table of tables)
    await server.run(`CREATE TABLE ${table} AS SELECT i, repeat('x', 300) AS pad FROM generate_series(1, 20000) i`);
  await source.remove();
  source = await postgresSource({ url: server.url, connections: 8 });
  const report = await source.extract(
    tables.map((table) => tableRequest(table)),
    { duckdb: { memoryLimit: '400MB', threads: 8, extensionDirectories: [] } },
  );
  expect(report.tables.map((table) => [table.status, table.rows, table.error?.message])).toEqual(
    tables.map(() => ['succeeded', 20_000, undefined]),
  );
});

it('goes on with fewer connections when the server has no room for all', async () => {
  await server.run(
    "CREATE ROLE narrow LOGIN PASSWORD 'narrow' CONNECTION LIMIT 2; GRANT SELECT ON calm, numbers TO narrow",
  );
  await source.remove();
  source = await postgresSource({ url: server.url.replace(/\/\/[^@]*@/, '//narrow:narrow@'), connections: 4 });
  expect(await outcomes(['calm', 'numbers'])).toMatchObject([{ status: 'succeeded' }, { status: 'succeeded' }]);
});
