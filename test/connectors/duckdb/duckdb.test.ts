/** Another DuckDB file as a source. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keepableType } from '../../../src/connectors/duckdb/keepable-type.ts';
import { Database } from '../../../src/duckdb/database.ts';
import { literal, qualified } from '../../../src/duckdb/quote.ts';
import { connectorSuite } from '../../helpers/connector-suite.ts';
import { askHere, extractHere } from '../../helpers/extract-here.ts';
import { extractRequest, tableRequest } from '../../helpers/extract-request.ts';

const limits = (directory: string) => ({ memoryLimit: '300MB', threads: 1, tempDirectory: join(directory, 'spill') });

async function execute(directory: string, file: string, ...statements: string[]): Promise<void> {
  await using database = await Database.open(file, limits(directory));
  const session = await database.connect();
  for (const statement of statements) await session.run(statement);
}

connectorSuite({
  type: 'duckdb',
  start: async (directory) => {
    const file = join(directory, 'shop.duckdb');
    await execute(directory, file, 'SELECT 1');
    return {
      settings: { path: file },
      put: async (table, rows) => {
        const values = rows.map(({ id, name }) => `(${id}, ${name === null ? 'NULL' : literal(name)})`);
        await execute(
          directory,
          file,
          `CREATE OR REPLACE TABLE ${qualified(table)} (id INTEGER, name VARCHAR)`,
          ...(values.length > 0 ? [`INSERT INTO ${qualified(table)} VALUES ${values.join(', ')}`] : []),
        );
        return { source_table: table };
      },
      break: () => rename(file, `${file}.away`),
      repair: () => rename(`${file}.away`, file),
      stop: async () => {},
    };
  },
});

describe('a DuckDB file', () => {
  let directory: string;
  let file: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'da-duckdb-'));
    file = join(directory, 'shop.duckdb');
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const request = (...tables: ReturnType<typeof tableRequest>[]) =>
    extractRequest(directory, { name: 'shop', type: 'duckdb', settings: { path: file } }, tables);

  async function query(sql: string) {
    await using database = await Database.open(join(directory, 'extracts/shop/extract.duckdb'), limits(directory), {
      readOnly: true,
    });
    return await (await database.connect()).rows(sql);
  }

  test('keeps every value of every type, also inside nested ones', async () => {
    const values: Record<string, [sql: string, type: string, text: string]> = {
      huge: [
        '12345678901234567890123456789012345678::HUGEINT',
        'DECIMAL(38,0)',
        '12345678901234567890123456789012345678',
      ],
      uhuge: [
        '99999999999999999999999999999999999999::UHUGEINT',
        'DECIMAL(38,0)',
        '99999999999999999999999999999999999999',
      ],
      total: ['(SELECT sum(i) FROM range(10) t(i))', 'DECIMAL(38,0)', '45'],
      timetz: ["'12:00:00+02'::TIMETZ", 'VARCHAR', '12:00:00+02'],
      span: ["INTERVAL '1 month 2 days 0.000001 seconds'", 'VARCHAR', '1 month 2 days 00:00:00.000001'],
      mood: ["'o)k'::ENUM('o)k', 'so''so')", 'VARCHAR', 'o)k'],
      bits: ["'0101'::BIT", 'VARCHAR', '0101'],
      big: [
        "'1234567890123456789012345678901234567890123'::BIGNUM",
        'VARCHAR',
        '1234567890123456789012345678901234567890123',
      ],
      seconds: ["'2024-01-02 03:04:05'::TIMESTAMP_S", 'TIMESTAMP', '2024-01-02 03:04:05'],
      nanos: ["'2024-01-02 03:04:05.123456789'::TIMESTAMP_NS", 'TIMESTAMP_NS', '2024-01-02 03:04:05.123456789'],
      zoned: ["'2024-01-02 03:04:05+02'::TIMESTAMPTZ", 'TIMESTAMP WITH TIME ZONE', '2024-01-02 01:04:05+00'],
      nested: [
        "{'a': 1::HUGEINT, 'HUGEINT': [INTERVAL 1 DAY], 'B c': MAP {'k': '12:00:00+02'::TIMETZ}}",
        'STRUCT(a DECIMAL(38,0), HUGEINT VARCHAR[], "B c" MAP(VARCHAR, VARCHAR))',
        "{'a': 1, 'HUGEINT': [1 day], 'B c': {k='12:00:00+02'}}",
      ],
      fixed: ['[1, 2, 3]::HUGEINT[3]', 'DECIMAL(38,0)[]', '[1, 2, 3]'],
      either: ['union_value(n := 1::INTEGER)::UNION(n INTEGER, s VARCHAR)', 'VARCHAR', '1'],
      exact: ['1.5::DECIMAL(38,10)', 'DECIMAL(38,10)', '1.5000000000'],
      unsigned: ['18446744073709551615::UBIGINT', 'UBIGINT', '18446744073709551615'],
      bytes: ["'\\xAA\\x00'::BLOB", 'BLOB', '\\xAA\\x00'],
      json: ['\'{"a": 1.10}\'::JSON', 'JSON', '{"a": 1.10}'],
      id: ["'f47ac10b-58cc-4372-a567-0e02b2c3d479'::UUID", 'UUID', 'f47ac10b-58cc-4372-a567-0e02b2c3d479'],
      forever: ["'infinity'::DATE", 'DATE', 'infinity'],
    };
    const columns = Object.entries(values).map(([name, [sql]]) => `${sql} AS ${qualified(name)}`);
    await execute(directory, file, `CREATE TABLE types AS SELECT ${columns.join(', ')}`);
    const report = await extractHere(request(tableRequest('types')));
    expect(report.tables[0]?.error).toBeNull();
    const described = await query('SELECT column_name AS name, column_type AS type FROM (DESCRIBE types)');
    expect(described).toEqual(Object.entries(values).map(([name, [, type]]) => ({ name, type })));
    const [row] = await query(
      `SELECT ${Object.keys(values)
        .map((name) => `${qualified(name)}::VARCHAR AS ${qualified(name)}`)
        .join(', ')} FROM types`,
    );
    expect(row).toEqual(Object.fromEntries(Object.entries(values).map(([name, [, , text]]) => [name, text])));
  });

  test('makes text of wide integers only where one has more digits than a decimal holds, says so, and stays with it', async () => {
    const [most, more] = ['170141183460469231731687303715884105727', '340282366920938463463374607431768211455'];
    await execute(
      directory,
      file,
      `CREATE TABLE wide AS SELECT ${most}::HUGEINT AS big, ${more}::UHUGEINT AS bigger, [5::HUGEINT] AS fits,
         {'a$': -${most}::HUGEINT, 'b': TIMETZ '12:00:00+02'} AS nested, MAP {${most}::HUGEINT: [1::HUGEINT]} AS keyed
       UNION ALL SELECT 5, 6::UHUGEINT, NULL, NULL, NULL`,
    );
    const read = async () => {
      const report = await extractHere(request(tableRequest('wide')));
      expect(report.tables[0]).toMatchObject({ error: null, rows: 2 });
      expect(await query('SELECT column_name AS name, column_type AS type FROM (DESCRIBE wide)')).toEqual([
        { name: 'big', type: 'VARCHAR' },
        { name: 'bigger', type: 'VARCHAR' },
        { name: 'fits', type: 'DECIMAL(38,0)[]' },
        { name: 'nested', type: 'STRUCT("a$" VARCHAR, b VARCHAR)' },
        { name: 'keyed', type: 'MAP(VARCHAR, VARCHAR[])' },
      ]);
      return report.tables[0]?.warnings;
    };
    expect(await read()).toEqual([
      'column big is kept as text: at least 1 of its values do not fit DECIMAL(38,0)',
      'column bigger is kept as text: at least 1 of its values do not fit DECIMAL(38,0)',
      expect.stringContaining('column nested becomes STRUCT("a$" VARCHAR, b VARCHAR): at least 1'),
      expect.stringContaining('column keyed becomes MAP(VARCHAR, VARCHAR[]): at least 1'),
    ]);
    expect(await query('SELECT * REPLACE (nested::VARCHAR AS nested, keyed::VARCHAR AS keyed) FROM wide')).toEqual([
      {
        big: most,
        bigger: more,
        fits: ['5'],
        nested: `{'a$': -${most}, 'b': '12:00:00+02'}`,
        keyed: `{${most}=[1]}`,
      },
      { big: '5', bigger: '6', fits: null, nested: null, keyed: null },
    ]);
    await execute(directory, file, 'UPDATE wide SET big = 7, bigger = 7, nested = NULL, keyed = NULL');
    expect(await read()).toContainEqual(expect.stringContaining('big stays text'));
  });

  test.each([
    ['INTEGER', 'INTEGER'],
    ['STRUCT("INTERVAL" HUGEINT)', 'STRUCT("INTERVAL" DECIMAL(38,0))'],
    ["ENUM('a)', 'HUGEINT')[]", 'VARCHAR[]'],
    ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMP WITH TIME ZONE'],
    ['TIME WITH TIME ZONE', 'VARCHAR'],
    ['STRUCT("UNION(" INTEGER)', 'STRUCT("UNION(" INTEGER)'],
    [
      'STRUCT(HUGEINT INTEGER, "INTERVAL" HUGEINT, b BIT)',
      'STRUCT(HUGEINT INTEGER, "INTERVAL" DECIMAL(38,0), b VARCHAR)',
    ],
    [
      'MAP(VARCHAR, STRUCT(a UNION(n INTEGER, s DECIMAL(18,2)), b INTERVAL)[2])[]',
      'MAP(VARCHAR, STRUCT(a VARCHAR, b VARCHAR)[])[]',
    ],
    ['STRUCT(UTINYINT, HUGEINT)', 'STRUCT(UTINYINT, DECIMAL(38,0))'],
    ['DECIMAL(18,2)', 'DECIMAL(18,2)'],
    ["GEOMETRY('OGC:CRS84')", 'VARCHAR'],
  ])('the type %s is kept as %s', (type, kept) => {
    expect(keepableType(type)).toBe(kept);
  });

  test('views and other schemas are tables too, and discovery shows columns, keys and sizes', async () => {
    await execute(
      directory,
      file,
      'CREATE SCHEMA sales',
      'CREATE TABLE sales.orders (id BIGINT PRIMARY KEY, total HUGEINT NOT NULL)',
      'INSERT INTO sales.orders VALUES (1, 2)',
      'CREATE VIEW main.latest AS SELECT * FROM sales.orders',
      "COMMENT ON TABLE sales.orders IS 'All orders'",
    );
    const found = await askHere(request(), { kind: 'discover' });
    expect(found).toMatchObject([
      { bucket: 'main', source_table: 'latest', kind: 'view', rows: null },
      {
        bucket: 'sales',
        source_table: 'orders',
        kind: 'table',
        description: 'All orders',
        primary_key: ['id'],
        rows: 1,
        columns: [
          { name: 'id', source_type: 'BIGINT', nullable: false },
          { name: 'total', source_type: 'HUGEINT', type: 'DECIMAL(38,0)' },
        ],
      },
    ]);
    const report = await extractHere(request(tableRequest('orders', { bucket: 'sales' }), tableRequest('latest')));
    expect(report.tables.map((table) => table.status)).toEqual(['succeeded', 'succeeded']);
  });

  test('a view is read again although the file rests: what it reads may lie elsewhere', async () => {
    const elsewhere = join(directory, 'elsewhere.csv');
    await writeFile(elsewhere, 'id\n1\n');
    await execute(directory, file, `CREATE VIEW latest AS FROM read_csv(${literal(elsewhere)})`);
    const read = async () => (await extractHere(request(tableRequest('latest')))).tables[0];
    expect(await read()).toMatchObject({ status: 'succeeded', rows: 1 });
    expect(await read()).toMatchObject({ status: 'unchanged', rows: 1 });
    await writeFile(elsewhere, 'id\n1\n2\n');
    expect(await read()).toMatchObject({ status: 'succeeded', rows: 2 });
  });

  test('that another program writes to is locked, which a retry can cure', async () => {
    await execute(directory, file, 'CREATE TABLE orders AS SELECT 1 AS id');
    await extractHere(request(tableRequest('orders')));
    const writer = await holdOpen(file);
    try {
      const report = await extractHere(request(tableRequest('orders')));
      expect(report.tables[0]).toMatchObject({ status: 'failed', rows: 1, error: { code: 'locked', retryable: true } });
    } finally {
      writer.kill('SIGKILL');
      await once(writer, 'exit');
    }
    expect((await extractHere(request(tableRequest('orders')))).tables[0]!.status).not.toBe('failed');
  });

  test.runIf(process.platform !== 'win32')(
    'in whose place a pipe or a folder stands is told, not waited for',
    async () => {
      execFileSync('sh', ['-c', 'mkfifo "$0"', file]);
      const told = { code: 'source_data', hint: expect.stringContaining('`path`') };
      await expect(askHere(request(), { kind: 'check' })).rejects.toMatchObject(told);
      const report = await extractHere(request(tableRequest('orders')));
      expect(report.tables[0]?.error).toMatchObject(told);
      await rm(file);
      await mkdir(file);
      await expect(askHere(request(), { kind: 'discover' })).rejects.toMatchObject(told);
    },
  );

  test('that is damaged says so and what helps', async () => {
    await execute(directory, file, 'CREATE TABLE orders AS SELECT range AS id, hash(range) AS h FROM range(100000)');
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0x5a, 20_000, bytes.length - 20_000));
    const report = await extractHere(request(tableRequest('orders')));
    expect(report.tables[0]?.error).toMatchObject({
      code: 'source_data',
      message: expect.stringContaining('is damaged'),
      hint: expect.stringContaining('whole copy'),
    });
  });

  test('that is no DuckDB file says so', async () => {
    const { writeFile } = await import('node:fs/promises');
    await writeFile(file, 'garbage '.repeat(1000));
    await expect(askHere(request(), { kind: 'check' })).rejects.toMatchObject({ code: 'source_data' });
  });
});

/** A process without any code of ours that has the file open for writing. */
async function holdOpen(file: string): Promise<ChildProcess> {
  const script = `const { DuckDBInstance } = require('@duckdb/node-api'); (async () => { const i = await DuckDBInstance.create(${JSON.stringify(file)}); await i.connect(); console.log('open'); setInterval(() => {}, 1000); })();`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}
