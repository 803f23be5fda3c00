/** Facts about BigQuery's REST API, asked through the official client without changes to it. */
import type { BigQuery } from '@google-cloud/bigquery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restClient } from './clients.ts';
import { goldenRows, goldenSchema } from './golden-table.ts';
import { type BigQueryDouble, startBigQuery } from './start.ts';

let double: BigQueryDouble;
let client: BigQuery;

beforeAll(async () => {
  double = await startBigQuery();
  client = restClient(double);
  const { control } = double;
  control.dataset({ project: 'lab', dataset: 'd', labels: { team: 'x' } });
  control.dataset({ project: 'lab', dataset: 'eu_data', location: 'EU' });
  await control.table({ project: 'lab', dataset: 'd', table: 'golden', schema: goldenSchema, rows: goldenRows });
  await control.table({
    project: 'lab',
    dataset: 'd',
    table: 'days',
    schema: [
      { name: 'day', type: 'DATE' },
      { name: 'n', type: 'INT64' },
    ],
    rows: [
      { day: '2024-01-01', n: 1 },
      { day: '2024-01-02', n: 2 },
      { day: null, n: 3 },
    ],
    timePartitioning: { type: 'DAY', field: 'day' },
    clustering: ['n'],
  });
  await control.table({ project: 'lab', dataset: 'd', table: 'v', query: 'SELECT id, txt FROM `lab.d.golden`' });
  await control.table({
    project: 'lab',
    dataset: 'd',
    table: 'mv',
    type: 'MATERIALIZED_VIEW',
    query: 'SELECT count(*) AS n FROM `lab.d.days`',
  });
  await control.table({
    project: 'lab',
    dataset: 'd',
    table: 'lake',
    type: 'EXTERNAL',
    schema: [{ name: 'x', type: 'STRING' }],
    rows: [{ x: 'a' }],
  });
  await control.table({
    project: 'lab',
    dataset: 'eu_data',
    table: 't',
    schema: [{ name: 'x', type: 'INT64' }],
    rows: [{ x: 1 }],
  });
});

afterAll(async () => {
  expect(double.control.violations()).toEqual([]);
  await double.stop();
});

type RawRow = { f: { v: unknown }[] };

async function rawRows(query: string): Promise<unknown[][]> {
  const [job] = await client.createQueryJob({ query });
  const [rows] = await job.getQueryResults({ autoPaginate: false, skipParsing: true } as never);
  return (rows as RawRow[]).map((row) => row.f.map((cell) => cell.v));
}

async function one(expression: string): Promise<unknown> {
  return (await rawRows(`SELECT ${expression} FROM \`lab.d.golden\` WHERE id = 1`))[0]?.[0];
}

describe('the catalogue', () => {
  it('lists datasets and tables with their types and says where they are', async () => {
    const [datasets] = await client.getDatasets();
    expect(datasets.map((d) => [d.id, d.metadata.location])).toEqual([
      ['d', 'US'],
      ['eu_data', 'EU'],
    ]);
    const [tables] = await client.dataset('d').getTables();
    expect(tables.map((t) => [t.id, t.metadata.type])).toEqual([
      ['days', 'TABLE'],
      ['golden', 'TABLE'],
      ['lake', 'EXTERNAL'],
      ['mv', 'MATERIALIZED_VIEW'],
      ['v', 'VIEW'],
    ]);
  });

  it('shows partitioning, clustering, rows and bytes of a table, and no bytes for what is not stored', async () => {
    const [days] = await client.dataset('d').table('days').getMetadata();
    expect(days).toMatchObject({
      timePartitioning: { type: 'DAY', field: 'day' },
      clustering: { fields: ['n'] },
      numRows: '3',
      numBytes: String(2 * 8 + 3 * 8),
      schema: {
        fields: [
          { name: 'day', type: 'DATE', mode: 'NULLABLE' },
          { name: 'n', type: 'INTEGER' },
        ],
      },
    });
    for (const name of ['v', 'lake'])
      expect((await client.dataset('d').table(name).getMetadata())[0].numBytes).toBe('0');
  });

  it('moves lastModifiedTime and etag when rows change, and only then', async () => {
    await double.control.table({
      project: 'lab',
      dataset: 'd',
      table: 'moving',
      schema: [{ name: 'x', type: 'INT64' }],
    });
    const look = async () => (await client.dataset('d').table('moving').getMetadata())[0];
    const before = await look();
    expect(await look()).toEqual(before);
    await double.control.insert('lab.d.moving', [{ x: 1 }]);
    const after = await look();
    expect(Number(after.lastModifiedTime)).toBeGreaterThan(Number(before.lastModifiedTime));
    expect(after.etag).not.toBe(before.etag);
    await double.control.drop('lab.d.moving');
  });

  it.each([
    ['a table that is not there', 'd', 'nothing', 404, 'notFound'],
    ['a dataset that is not there', 'nowhere', 't', 404, 'notFound'],
  ])('answers %s with its code and reason', async (_, dataset, table, code, reason) => {
    await expect(client.dataset(dataset).table(table).getMetadata()).rejects.toMatchObject({
      code,
      errors: [{ reason }],
    });
  });
});

describe('values by REST', () => {
  it('are text that loses nothing, in every type', async () => {
    const rows = await rawRows('SELECT * FROM `lab.d.golden` ORDER BY id');
    expect(rows[0]).toEqual([
      '1',
      '9007199254740993',
      '12345678901234567890.123456789',
      '12345678.9',
      '12345678901234567890123456789012345678.12345678901234567890123456789012345678',
      'NaN',
      'true',
      'Žluťoučký "kůň"\n\t\\',
      'AAH+/w==',
      '0001-01-01',
      '2024-02-29T23:59:59.123456',
      '23:59:59.999999',
      '1709251199123456',
      '{"a":[1,2,{"b":null}]}',
      'POINT(14.42 50.08)',
      '1-2 3 4:5:6.789',
      [{ v: '1' }, { v: '9007199254740993' }, { v: '3' }],
      { f: [{ v: '7' }, { v: 'x' }, { v: { f: [{ v: '-1' }] } }] },
      [{ v: { f: [{ v: 'p' }, { v: '1.5' }] } }, { v: { f: [{ v: null }, { v: null }] } }],
      '[2024-01-01, 2024-02-01)',
      '[UNBOUNDED, 1706745600000000)',
    ]);
    expect(rows[2]).toEqual(['3', ...Array(15).fill(null), [], null, [], null, null]);
  });

  it('are the same by tabledata.list as by a query', async () => {
    const listed = await client
      .dataset('d')
      .table('golden')
      .getRows({ skipParsing: true, 'formatOptions.useInt64Timestamp': true } as never);
    const rows = (listed[0] as unknown as RawRow[]).map((row) => row.f.map((cell) => cell.v));
    expect(rows).toEqual(await rawRows('SELECT * FROM `lab.d.golden` ORDER BY id'));
  });

  it('lose microseconds of timestamps when nobody asks for integers', async () => {
    const response = await fetch(
      `${double.apiEndpoint}/bigquery/v2/projects/lab/datasets/d/tables/golden/data?selectedFields=ts&maxResults=1`,
    );
    expect(await response.json()).toMatchObject({ totalRows: '3', rows: [{ f: [{ v: '1709251199.123456' }] }] });
  });

  it('come in pages that are as long as asked, or shorter', async () => {
    const [job] = await client.createQueryJob({ query: 'SELECT id FROM `lab.d.golden` ORDER BY id' });
    const [first, next] = await job.getQueryResults({ autoPaginate: false, maxResults: 2, skipParsing: true } as never);
    const [second, end] = await job.getQueryResults(next as never);
    expect([(first as unknown[]).length, (second as unknown[]).length, end]).toEqual([2, 1, null]);
  });
});

describe('GoogleSQL', () => {
  it.each([
    ['CAST(big_int AS STRING)', '9007199254740993'],
    ['CAST(num AS STRING)', '12345678901234567890.123456789'],
    ['CAST(num_10_2 AS STRING)', '12345678.9'],
    ['CAST(ts AS STRING)', '2024-02-29 23:59:59.123456+00'],
    ['CAST(dt AS STRING)', '2024-02-29 23:59:59.123456'],
    ['CAST(t AS STRING)', '23:59:59.999999'],
    ['CAST(d AS STRING)', '0001-01-01'],
    ["CAST('1.25' AS BIGNUMERIC)", '1.25'],
    ['TO_BASE64(raw)', 'AAH+/w=='],
    ['ST_ASTEXT(geo)', 'POINT(14.42 50.08)'],
    ['TO_HEX(ST_ASBINARY(geo))', '0101000000d7a3703d0ad72c400ad7a3703d0a4940'],
    ['TO_JSON_STRING(rec)', '{"a":7,"b":"x","inner":{"ts":"1969-12-31T23:59:59.999999Z"}}'],
    ['TO_JSON_STRING(ints)', '[1,"9007199254740993",3]'],
    ['TO_JSON_STRING(flt)', '"NaN"'],
    ['rec.inner.ts', '-1'],
    ['ints[OFFSET(1)]', '9007199254740993'],
    ['RANGE_END(dr)', '2024-02-01'],
    ['DATE(ts)', '2024-02-29'],
    ['TIMESTAMP_TRUNC(ts, HOUR)', '1709247600000000'],
    ['UNIX_MICROS(TIMESTAMP_ADD(ts, INTERVAL 1 DAY))', '1709337599123456'],
    ['flt > 0', 'false'],
    ["bignum > CAST('9.5' AS BIGNUMERIC)", 'true'],
    ["d = '0001-01-01'", 'true'],
    ['SESSION_USER()', 'reader@example.iam.gserviceaccount.com'],
    ["IF(txt LIKE 'Ž%', COALESCE(NULL, 'a'), 'b')", 'a'],
  ])('%s is %s', async (expression, value) => {
    expect(await one(expression)).toBe(value);
  });

  it.each([
    ['SELECT count(*), count(day), min(day), max(n), sum(n) FROM `lab.d.days`', [['3', '2', '2024-01-01', '3', '6']]],
    ['SELECT day FROM `lab.d.days` ORDER BY day', [[null], ['2024-01-01'], ['2024-01-02']]],
    ['SELECT min(bignum) FROM lab.d.golden', [['-0.00000000000000000000000000000000000001']]],
    [
      'WITH x AS (SELECT n FROM lab.d.days) SELECT a.n FROM x a JOIN x b ON a.n = b.n + 1 ORDER BY 1 DESC LIMIT 1',
      [['3']],
    ],
    ['SELECT k, count(*) c FROM lab.d.golden, UNNEST(recs) GROUP BY k HAVING k IS NOT NULL', [['p', '1']]],
    ['SELECT n FROM lab.d.days WHERE n IN (SELECT max(n) FROM lab.d.days)', [['3']]],
    ['SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a', [['1'], ['2']]],
    ['SELECT * EXCEPT (day) REPLACE (n * 10 AS n) FROM lab.d.days WHERE n IN (1, 2) ORDER BY n', [['10'], ['20']]],
    ['SELECT n FROM lab.d.v JOIN lab.d.mv ON true WHERE id = 1', [['3']]],
    ['SELECT x FROM lab.d.lake', [['a']]],
  ])('%s', async (query, rows) => {
    expect(await rawRows(query)).toEqual(rows);
  });

  it('takes typed parameters, by name and by position', async () => {
    const query = 'SELECT n FROM `lab.d.days` WHERE day >= @from AND n IN UNNEST(@wanted)';
    const [named] = await client.query({ query, params: { from: client.date('2024-01-02'), wanted: [1, 2, 3] } });
    expect(named).toEqual([{ n: 2 }]);
    const [positional] = await client.query({
      query: 'SELECT ? AS a, ? AS b',
      params: ['x', client.int('9007199254740993')],
      types: ['STRING', 'INT64'],
      wrapIntegers: true,
    });
    expect(positional[0]).toMatchObject({ a: 'x', b: { value: '9007199254740993' } });
  });

  it.each([
    ['SELEC 1', 'invalidQuery', 'Syntax error'],
    ['SELECT nothing FROM lab.d.days', 'invalidQuery', 'Unrecognized name'],
    [
      "SELECT n FROM lab.d.days WHERE day >= TIMESTAMP '2024-01-01'",
      'invalidQuery',
      'No matching signature for operator >=',
    ],
    ['SELECT FARM_FINGERPRINT(txt) FROM lab.d.golden', 'invalidQuery', 'Function not found'],
    ['SELECT row_number() OVER () FROM lab.d.days', 'invalidQuery', 'Window functions'],
    ['DELETE FROM lab.d.days WHERE true', 'invalidQuery', 'SELECT statements only'],
    ['SELECT n, count(*) FROM lab.d.days', 'invalidQuery', 'neither grouped nor aggregated'],
    ['SELECT n AS a, n AS A FROM lab.d.days', 'invalidQuery', 'Duplicate column names'],
    ['SELECT n FROM lab.d.nothing', 'notFound', 'Not found: Table lab:d.nothing'],
  ])('refuses %s', async (query, reason, message) => {
    await expect(client.createQueryJob({ query })).rejects.toMatchObject({
      errors: [{ reason, message: expect.stringContaining(message) }],
    });
  });

  it('finds no data in another location', async () => {
    const query = 'SELECT x FROM `lab.eu_data.t`';
    await expect(client.createQueryJob({ query, location: 'US' })).rejects.toMatchObject({
      code: 404,
      errors: [{ reason: 'notFound' }],
    });
    const [job] = await client.createQueryJob({ query });
    expect(job.metadata.jobReference.location).toBe('EU');
  });

  it('reads partitions of a dataset from INFORMATION_SCHEMA', async () => {
    const query =
      "SELECT partition_id, total_rows FROM `lab.d.INFORMATION_SCHEMA.PARTITIONS` WHERE table_name = 'days' ORDER BY 1";
    expect(await rawRows(query)).toEqual([
      ['20240101', '1'],
      ['20240102', '1'],
      ['__NULL__', '1'],
    ]);
  });
});

describe('time travel', () => {
  it('reads rows as they were, not before the table was made, not in the future', async () => {
    const { control } = double;
    await control.table({
      project: 'lab',
      dataset: 'd',
      table: 'past',
      schema: [{ name: 'x', type: 'INT64' }],
      rows: [{ x: 1 }, { x: 2 }],
    });
    const then = (await client.dataset('d').table('past').getMetadata())[0].lastModifiedTime;
    await control.update('lab.d.past', { x: 'x + 10' }, 'x = 2');
    await control.delete('lab.d.past', 'x = 1');
    expect(await rawRows('SELECT x FROM lab.d.past')).toEqual([['12']]);
    expect(
      await rawRows(`SELECT x FROM lab.d.past FOR SYSTEM_TIME AS OF TIMESTAMP_MILLIS(${then}) ORDER BY x`),
    ).toEqual([['1'], ['2']]);
    const at = (text: string) =>
      client.createQueryJob({ query: `SELECT x FROM lab.d.past FOR SYSTEM_TIME AS OF TIMESTAMP '${text}'` });
    await expect(at('2999-01-01')).rejects.toMatchObject({
      errors: [{ message: expect.stringContaining('Cannot read in the future') }],
    });
    await expect(at('2000-01-01')).rejects.toMatchObject({
      errors: [{ message: expect.stringContaining('Cannot read before') }],
    });
  });
});
