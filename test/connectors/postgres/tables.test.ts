import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { postgres } from '../../../src/connectors/postgres/postgres.ts';
import { settings } from '../../../src/connectors/postgres/settings.ts';
import { tableRequest } from '../../helpers/extract-request.ts';
import { startTestPostgres, type TestPostgres } from '../../helpers/postgres-server.ts';
import { type PostgresSource, postgresSource } from '../../helpers/postgres-source.ts';

let server: TestPostgres;
let source: PostgresSource;

beforeAll(async () => {
  server = await startTestPostgres();
});

afterAll(() => server?.stop());

beforeEach(async () => {
  source = await postgresSource({ url: server.url });
});

afterEach(() => source.remove());

it('keeps odd names of tables and columns, and tells columns apart that differ only in case', async () => {
  await server.run('CREATE SCHEMA "Odd ""schema"');
  await server.run(
    `CREATE TABLE "Odd ""schema"."select 'x'" ("from" int, "a""b" text, "A""B" text, "frame" int, "c0" int, "$1" int, "tab	" int)`,
  );
  await server.run(`INSERT INTO "Odd ""schema"."select 'x'" VALUES (1, 'low', 'high', 2, 3, 4, 5)`);
  const table = tableRequest('odd', { bucket: 'Odd "schema', source_table: "select 'x'" });
  const report = await source.extract([table]);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 1 });
  expect(report.tables[0]?.warnings.join()).toContain('differs only in case');
  expect(await source.query('SELECT * FROM odd')).toEqual([
    { from: 1, 'a"b': 'low', 'A"B_2': 'high', frame: 2, c0: 3, $1: 4, 'tab\t': 5 },
  ]);
});

it('reads a table as wide as Postgres allows', async () => {
  const columns = Array.from({ length: 1_600 }, (_, index) => `c${index} int`);
  await server.run(`CREATE TABLE wide (${columns.join(', ')})`);
  await server.run(`INSERT INTO wide (c0, c1599) VALUES (1, 2), (3, 4)`);
  const report = await source.extract(['wide']);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 2, error: null });
  expect(await source.query('SELECT c0, c1, c1599 FROM wide ORDER BY c0')).toEqual([
    { c0: 1, c1: null, c1599: 2 },
    { c0: 3, c1: null, c1599: 4 },
  ]);
});

it('refuses a table without columns and says why, while the others go live', async () => {
  await server.run('CREATE TABLE bare ()');
  await server.run('INSERT INTO bare DEFAULT VALUES');
  await server.run('CREATE TABLE dressed AS SELECT 1 AS x');
  const report = await source.extract(['bare', 'dressed']);
  expect(report.tables.map(({ status, error }) => [status, error?.code ?? null])).toEqual([
    ['failed', 'source_data'],
    ['succeeded', null],
  ]);
});

it('leaves out dropped columns and brings generated ones', async () => {
  await server.run(
    'CREATE TABLE made (gone text, a int, kept int GENERATED ALWAYS AS (a * 2) STORED, fresh int GENERATED ALWAYS AS (a * 3) VIRTUAL)',
  );
  await server.run('ALTER TABLE made DROP COLUMN gone');
  await server.run('INSERT INTO made (a) VALUES (7)');
  await source.extract(['made']);
  expect(await source.query('SELECT * FROM made')).toEqual([{ a: 7, kept: 14, fresh: 21 }]);
});

it('tells an empty text from NULL, in a table of one column too, and keeps a CR in the first row', async () => {
  await server.run('CREATE TABLE single (v text)');
  await server.run(`INSERT INTO single VALUES (E'first\\r\\nrow'), (''), (NULL), (E'\\n'), ('')`);
  const report = await source.extract(['single']);
  expect(report.tables[0]?.rows).toBe(5);
  expect(await source.query('SELECT v FROM single')).toEqual([
    { v: 'first\r\nrow' },
    { v: '' },
    { v: null },
    { v: '\n' },
    { v: '' },
  ]);
});

it('publishes an empty table with its full typed schema', async () => {
  await server.run('CREATE TABLE nothing (id bigint PRIMARY KEY, amount numeric(10,2), at timestamptz, open numeric)');
  const report = await source.extract(['nothing']);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 0 });
  expect(await source.query('SELECT column_name AS n, column_type AS t FROM (DESCRIBE nothing)')).toEqual([
    { n: 'id', t: 'BIGINT' },
    { n: 'amount', t: 'DECIMAL(10,2)' },
    { n: 'at', t: 'TIMESTAMP WITH TIME ZONE' },
    { n: 'open', t: 'DECIMAL(38,4)' },
  ]);
});

it('reads views, materialised views, partitioned tables and parents with children, each row once', async () => {
  await server.run(`
    CREATE TABLE parts (id int, day date, v json) PARTITION BY RANGE (day);
    CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
    CREATE TABLE parts_b (v json, day date, id int);
    ALTER TABLE parts ATTACH PARTITION parts_b FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
    INSERT INTO parts SELECT i, DATE '2024-01-01' + i, '{"a": 1}' FROM generate_series(0, 50) i;
    CREATE TABLE parent (id int);
    CREATE TABLE child (extra text) INHERITS (parent);
    INSERT INTO parent VALUES (1);
    INSERT INTO child VALUES (2, 'x');
    CREATE VIEW looked AS SELECT id, v, point(id, 0) AS p FROM parts WHERE id > 45;
    CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS n FROM parts`);
  const report = await source.extract(['parts', 'parent', 'looked', 'kept']);
  expect(report.tables.map(({ id, status, rows }) => [id, status, rows])).toEqual([
    ['parts', 'succeeded', 51],
    ['parent', 'succeeded', 2],
    ['looked', 'succeeded', 5],
    ['kept', 'succeeded', 1],
  ]);
  expect(
    await source.query('SELECT sum(id)::INT AS s, count(DISTINCT id)::INT AS n, min(day)::VARCHAR AS first FROM parts'),
  ).toEqual([{ s: 1275, n: 51, first: '2024-01-01' }]);
});

it('reads ranges of pages that stay: an update of one row changes the parts of its ranges only', async () => {
  // One row of 4 KB fills half a page: 8,192 pages are passed with few rows.
  await server.run(`
    CREATE TABLE big (id int PRIMARY KEY, pad text);
    ALTER TABLE big ALTER pad SET STORAGE PLAIN;
    ALTER TABLE big SET (autovacuum_enabled = false);
    INSERT INTO big SELECT i, repeat(chr(65 + i % 26), 7000) FROM generate_series(1, 17000) i`);
  const parts = async () => (await source.catalogue()).tables.get('big')!.parts.map((part) => part.sha256);
  const first = await source.extract(['big']);
  expect(first.tables[0]).toMatchObject({ status: 'succeeded', rows: 17_000 });
  const before = await parts();
  expect(before).toHaveLength(3);
  const again = await source.extract(['big'], { full: true });
  expect(again.tables[0]?.status).toBe('unchanged');
  await server.run(`UPDATE big SET pad = 'changed' WHERE id = 9000`);
  await source.extract(['big']);
  const after = await parts();
  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  expect(
    await source.query(
      'SELECT count(*)::INT AS n, sum(id)::INT AS s, max(pad) FILTER (WHERE id = 9000) AS pad FROM big',
    ),
  ).toEqual([{ n: 17_000, s: 144_508_500, pad: 'changed' }]);
});

it('gives the same bytes for a small table whose rows moved on their pages', async () => {
  await server.run(
    `CREATE TABLE moved (id int PRIMARY KEY, v text); INSERT INTO moved SELECT i, 'v' || i FROM generate_series(1, 100) i`,
  );
  await source.extract(['moved']);
  await server.run(`UPDATE moved SET v = v`);
  await server.run(`UPDATE moved SET v = v WHERE id < 50`);
  const report = await source.extract(['moved']);
  expect(report.tables[0]?.status).toBe('unchanged');
});

it('reads all tables of a run as they were at one instant', async () => {
  const tables = Array.from({ length: 6 }, (_, index) => `pair_${index}`);
  for (const table of tables) await server.run(`CREATE TABLE ${table} AS SELECT 0 AS n`);
  const writer = await server.connect();
  let writing = true;
  const writes = (async () => {
    for (let n = 1; writing; n++) {
      await writer.query('BEGIN');
      for (const table of tables) await writer.query(`UPDATE ${table} SET n = ${n}`);
      await writer.query('COMMIT');
    }
  })();
  try {
    for (let run = 0; run < 3; run++) {
      await source.extract(tables);
      const rows = await source.query<{ n: number }>(
        tables.map((table) => `SELECT n FROM ${table}`).join(' UNION ALL '),
      );
      expect(new Set(rows.map((row) => row.n)).size).toBe(1);
    }
  } finally {
    writing = false;
    await writes;
  }
});

it('brings only the wanted columns and rows, with values that are never read as SQL', async () => {
  await server.run(`
    CREATE TABLE filtered (id int PRIMARY KEY, name varchar(5), amount numeric(5,2), at timestamptz, j json);
    INSERT INTO filtered VALUES (1, 'abc', 1.10, '2024-01-01', '1'), (2, E'o''x\\\\', 2.20, '2024-01-02', '2'), (3, NULL, 3.30, '2024-01-03', '3')`);
  const rows = async (where: unknown[], columns = ['id']) => {
    const table = tableRequest('filtered', { options: { columns, where: where as never } });
    const report = await source.extract([table]);
    expect(report.tables[0]).toMatchObject({ error: null });
    return source.query('SELECT * FROM filtered');
  };
  expect(await rows([{ column: 'name', op: 'eq', value: "o'x\\" }])).toEqual([{ id: 2 }]);
  // A plain cast to varchar(5) would cut the value until it fits.
  expect(await rows([{ column: 'name', op: 'eq', value: 'abc  no match' }])).toEqual([]);
  expect(
    await rows([
      { column: 'id', op: 'in', value: [1, 3] },
      { column: 'at', op: 'ge', value: '2024-01-02' },
    ]),
  ).toEqual([{ id: 3 }]);
  expect(await rows([{ column: 'name', op: 'is_null' }], ['amount', 'id'])).toEqual([{ id: 3, amount: '3.30' }]);
  expect(await rows([{ column: 'name', op: 'eq', value: "' OR true --" }])).toEqual([]);
});

it('follows a numeric column without precision: the scale stays, and a value beyond it turns the column into text with a warning', async () => {
  await server.run(`CREATE TABLE open (id int PRIMARY KEY, n numeric); INSERT INTO open VALUES (1, 1.123456)`);
  await source.extract(['open']);
  const type = async () =>
    (await source.query<{ t: string }>("SELECT column_type AS t FROM (DESCRIBE open) WHERE column_name = 'n'"))[0]?.t;
  expect(await type()).toBe('DECIMAL(38,6)');
  await server.run(`DELETE FROM open; INSERT INTO open VALUES (1, 2.5)`);
  await source.extract(['open']);
  expect(await type()).toBe('DECIMAL(38,6)');
  await server.run(`INSERT INTO open VALUES (2, 0.1234567)`);
  const report = await source.extract(['open']);
  expect(report.tables[0]?.warnings.join()).toContain('kept as text');
  expect(await source.query('SELECT n FROM open ORDER BY id')).toEqual([{ n: '2.5' }, { n: '0.1234567' }]);
});

it('reads a table whose text no memory holds at once', async () => {
  await server.run("CREATE TABLE heavy AS SELECT i AS id, repeat('x', 2500000) AS text FROM generate_series(1, 200) i");
  const report = await source.extract(['heavy']);
  expect(report.tables).toMatchObject([{ status: 'succeeded', rows: 200, error: null }]);
  expect(
    await source.query('SELECT count(*) AS n, min(length(text)) AS short, max(length(text)) AS long FROM heavy'),
  ).toEqual([{ n: '200', short: '2500000', long: '2500000' }]);
});

it('reads rows of many megabytes', async () => {
  await server.run(`
    CREATE TABLE documents (id int PRIMARY KEY, body text, raw bytea);
    INSERT INTO documents VALUES (1, 'short', ''), (2, repeat('ž', 3000000), ''), (3, repeat(E'line\\n', 2000000), decode(repeat('00ff', 5000000), 'hex')), (4, 'last', NULL)`);
  const report = await source.extract(['documents']);
  expect(report.tables[0]).toMatchObject({ status: 'succeeded', rows: 4, error: null });
  expect(
    await source.query(
      'SELECT id, length(body)::INT AS text, octet_length(raw)::INT AS bytes FROM documents ORDER BY id',
    ),
  ).toEqual([
    { id: 1, text: 5, bytes: 0 },
    { id: 2, text: 3_000_000, bytes: 0 },
    { id: 3, text: 10_000_000, bytes: 10_000_000 },
    { id: 4, text: 4, bytes: null },
  ]);
});

it('reads from a cursor on', async () => {
  await server.run(`
    CREATE TABLE growing (id int PRIMARY KEY, at timestamptz, big numeric);
    INSERT INTO growing VALUES (1, '2024-01-01 00:00:00.000001+00', 1), (2, '2024-01-01 00:00:00.000002+00', 12345678901234567890.5), (3, NULL, NULL)`);
  const stop = new AbortController();
  const reading = await postgres.read!({
    source: 'crm',
    settings: settings.parse({ url: server.url }),
    secret: () => '',
    signal: stop.signal,
    scratch: source.directory,
    extensionDirectories: [],
    endpoints: {},
    remembered: [],
    session: () => Promise.reject(new Error('not needed')),
    note: () => {},
  });
  try {
    const plan = (column: string, from: string | null) =>
      reading.plan(tableRequest('growing', { primary_key: ['id'] }), {
        range: { kind: 'cursor', column, from },
        previousFingerprint: null,
        previousColumns: null,
        remembered: null,
      });
    expect(await plan('at', null)).toMatchObject({ order: 'key', uniqueKey: true });
    expect(await plan('big', '12345678901234567890.5')).toMatchObject({ kind: 'read' });
    await expect(plan('nope', null)).rejects.toMatchObject({ code: 'options_invalid' });
  } finally {
    await reading.close();
  }
});
