/** Facts about what queries cost, and what stops them from costing more. */
import type { BigQuery } from '@google-cloud/bigquery';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { restClient } from './clients.ts';
import { type BigQueryDouble, startBigQuery } from './start.ts';

const mb = 1024 * 1024;
let double: BigQueryDouble;
let client: BigQuery;

beforeAll(async () => {
  double = await startBigQuery();
  // The client would repeat the 500 of a tripped cap.
  client = restClient(double, { autoRetry: false });
  const { control } = double;
  control.dataset({ project: 'lab', dataset: 'd' });
  const events = {
    project: 'lab',
    dataset: 'd',
    schema: [
      { name: 'n', type: 'INT64' },
      { name: 's', type: 'STRING' },
      { name: 'ts', type: 'TIMESTAMP' },
    ],
    // Four days of 1000 rows: 8 bytes, 2 + 4 bytes, 8 bytes.
    fromDuck:
      "SELECT i, lpad(CAST(i AS VARCHAR), 4, '0'), TIMESTAMPTZ '2024-01-01 12:00:00+00' + INTERVAL 1 DAY * (i // 1000) FROM range(4000) r(i)",
  };
  await control.table({ ...events, table: 'plain' });
  await control.table({ ...events, table: 'days', timePartitioning: { type: 'DAY', field: 'ts' } });
  await control.table({
    ...events,
    table: 'guarded',
    timePartitioning: { type: 'DAY', field: 'ts' },
    requirePartitionFilter: true,
  });
  await control.table({ ...events, table: 'clustered', clustering: ['s'] });
  await control.table({ ...events, table: 'lake', type: 'EXTERNAL' });
  await control.table({ ...events, table: 'arrivals', timePartitioning: { type: 'HOUR' } });
  await control.table({
    ...events,
    table: 'numbers',
    rangePartitioning: { field: 'n', range: { start: 0, end: 3000, interval: 1000 } },
  });
  await control.table({ project: 'lab', dataset: 'd', table: 'v', query: 'SELECT n FROM `lab.d.plain`' });
  await control.table({
    project: 'lab',
    dataset: 'd',
    table: 'wide',
    schema: [{ name: 's', type: 'STRING' }],
    fromDuck: "SELECT repeat('x', 1024) FROM range(15000)",
  });
});
beforeEach(() => double.control.reset());
afterAll(() => double.stop());

async function dryRun(query: string, options = {}): Promise<{ bytes: number; accuracy: string }> {
  const [job] = await client.createQueryJob({ query, dryRun: true, useQueryCache: false, ...options });
  const { totalBytesProcessed, query: details } = job.metadata.statistics;
  return { bytes: Number(totalBytesProcessed), accuracy: details.totalBytesProcessedAccuracy };
}

describe('an estimate', () => {
  it.each([
    ['one column', 'SELECT n FROM lab.d.plain', 4000 * 8],
    ['all columns', 'SELECT * FROM lab.d.plain', 4000 * 22],
    ['a column only filtered by', "SELECT n FROM lab.d.plain WHERE s = '0001'", 4000 * 14],
    ['LIMIT, which saves nothing', 'SELECT n FROM lab.d.plain LIMIT 1', 4000 * 8],
    ['a count of rows, which reads nothing', 'SELECT count(*) FROM lab.d.plain', 0],
    ['a view, by what it reads', 'SELECT count(n) FROM lab.d.v', 4000 * 8],
    ['a table twice', 'SELECT a.n FROM lab.d.plain a JOIN lab.d.plain b ON a.n = b.n', 2 * 4000 * 8],
    ['no table', 'SELECT 1', 0],
    ['one partition', "SELECT n FROM lab.d.days WHERE ts >= '2024-01-02' AND ts < '2024-01-03'", 1000 * 16],
    [
      'a partition touched by an hour of it',
      "SELECT n FROM lab.d.days WHERE ts < TIMESTAMP '2024-01-01 01:00:00'",
      1000 * 16,
    ],
    ['partitions by date', "SELECT n FROM lab.d.days WHERE DATE(ts) IN ('2024-01-01', '2024-01-04')", 2000 * 16],
    [
      'partitions by BETWEEN',
      "SELECT n FROM lab.d.days WHERE ts BETWEEN '2024-01-02' AND '2024-01-03 01:00:00'",
      2000 * 16,
    ],
    [
      'partitions by truncated time',
      "SELECT n FROM lab.d.days WHERE TIMESTAMP_TRUNC(ts, DAY) = TIMESTAMP '2024-01-02'",
      1000 * 16,
    ],
    [
      'no fewer partitions under OR with another column',
      "SELECT n FROM lab.d.days WHERE ts < '2024-01-02' OR n = 1",
      4000 * 16,
    ],
    [
      'no fewer partitions for a subquery',
      'SELECT n FROM lab.d.days WHERE ts = (SELECT max(ts) FROM lab.d.days)',
      4000 * 16 + 4000 * 8,
    ],
    ['ranges of integers', 'SELECT n FROM lab.d.numbers WHERE n >= 1000 AND n < 2000', 2000 * 8],
    ['partitions by arrival', "SELECT n FROM lab.d.arrivals WHERE _PARTITIONTIME < '2020-01-01'", 0],
    ['metadata, by the minimum', 'SELECT partition_id FROM `lab.d.INFORMATION_SCHEMA.PARTITIONS`', 10 * mb],
  ])('counts %s', async (_, query, bytes) => {
    expect(await dryRun(query)).toEqual({ bytes, accuracy: 'PRECISE' });
    expect(double.control.billedBytes()).toBe(0);
  });

  it.each([
    [
      'an upper bound for clustered tables',
      'SELECT n FROM lab.d.clustered',
      { bytes: 4000 * 8, accuracy: 'UPPER_BOUND' },
    ],
    ['a lower bound of nothing for external tables', 'SELECT n FROM lab.d.lake', { bytes: 0, accuracy: 'LOWER_BOUND' }],
  ])('is %s', async (_, query, expected) => {
    expect(await dryRun(query)).toEqual(expected);
  });

  it('is 0 when the query cache would answer, unless the cache is off', async () => {
    const query = 'SELECT sum(n) FROM lab.d.plain';
    await client.query(query);
    expect((await dryRun(query, { useQueryCache: true })).bytes).toBe(0);
    expect((await dryRun(query)).bytes).toBe(4000 * 8);
  });

  it('tells the schema of the result', async () => {
    const [job] = await client.createQueryJob({ query: 'SELECT n, [s] AS list FROM lab.d.plain', dryRun: true });
    expect(job.metadata.statistics.query.schema.fields).toMatchObject([
      { name: 'n', type: 'INTEGER', mode: 'NULLABLE' },
      { name: 'list', type: 'STRING', mode: 'REPEATED' },
    ]);
  });
});

describe('a bill', () => {
  it('is ten megabytes at least for each table, whole megabytes above', async () => {
    await client.query({ query: 'SELECT n FROM lab.d.plain WHERE n < 1', useQueryCache: false });
    expect(double.control.billedBytes()).toBe(10 * mb);
    await client.query({ query: "SELECT count(s) FROM lab.d.wide WHERE s = 'y'", useQueryCache: false });
    expect(double.control.billedBytes()).toBe(10 * mb + 15 * mb);
  });

  it('is nothing for an answer from the cache, and real again once rows changed', async () => {
    const query = 'SELECT max(n) FROM lab.d.clustered';
    await client.query(query);
    double.control.reset();
    const [job] = await client.createQueryJob(query);
    await job.getQueryResults();
    expect((await job.getMetadata())[0].statistics.query.cacheHit).toBe(true);
    expect(double.control.billedBytes()).toBe(0);
    await double.control.insert('lab.d.clustered', [{ n: 9999 }]);
    expect((await client.query(query))[0]).toEqual([{ f0_: 9999 }]);
    expect(double.control.billedBytes()).toBe(10 * mb);
  });

  it('is the same in the job as in the books', async () => {
    const [job] = await client.createQueryJob({ query: 'SELECT n FROM lab.d.days', useQueryCache: false });
    await job.getQueryResults({ maxResults: 0 });
    const [{ statistics }] = await job.getMetadata();
    expect(statistics.query.totalBytesBilled).toBe(String(10 * mb));
    expect(double.control.billedBytesOf(job.id!)).toBe(10 * mb);
  });
});

describe('a cap', () => {
  it('stops a query that would bill more, unbilled, after the job was accepted', async () => {
    const [job] = await client.createQueryJob({
      query: 'SELECT s FROM lab.d.wide',
      maximumBytesBilled: String(14 * mb),
      useQueryCache: false,
    });
    const refused = {
      code: 500,
      errors: [
        { reason: 'bytesBilledLimitExceeded', message: expect.stringContaining(`${15 * mb} or higher required`) },
      ],
    };
    await expect(job.getQueryResults()).rejects.toMatchObject(refused);
    expect((await job.getMetadata())[0].status.errorResult.reason).toBe('bytesBilledLimitExceeded');
    expect(double.control.billedBytes()).toBe(0);
  });

  it('trips on external tables too, whose estimate was nothing', async () => {
    const [job] = await client.createQueryJob({
      query: 'SELECT n FROM lab.d.lake',
      maximumBytesBilled: '1000',
      useQueryCache: false,
    });
    await expect(job.getQueryResults()).rejects.toMatchObject({ errors: [{ reason: 'bytesBilledLimitExceeded' }] });
  });

  it('lets through what fits', async () => {
    const [job] = await client.createQueryJob({
      query: 'SELECT s FROM lab.d.wide',
      maximumBytesBilled: String(15 * mb),
      useQueryCache: false,
    });
    const [rows] = await job.getQueryResults({ maxResults: 3, autoPaginate: false });
    expect(rows).toHaveLength(3);
  });
});

describe('a table that requires a partition filter', () => {
  it('refuses queries without one, and conditions that eliminate nothing', async () => {
    for (const where of ['', ' WHERE n > 5', " WHERE ts > '2024-01-01' OR n = 1"]) {
      await expect(dryRun(`SELECT n FROM lab.d.guarded${where}`)).rejects.toMatchObject({
        code: 400,
        errors: [{ reason: 'invalidQuery', message: expect.stringContaining("without a filter over column(s) 'ts'") }],
      });
    }
  });

  it.each(["ts >= '1970-01-01'", 'ts IS NULL', 'ts IS NOT NULL', "DATE(ts) = '2024-01-01'"])(
    'accepts %s',
    async (where) => {
      await expect(dryRun(`SELECT n FROM lab.d.guarded WHERE ${where}`)).resolves.toBeDefined();
    },
  );
});

describe('a streaming buffer', () => {
  it('holds rows that no partition has yet, that every query reads and that numRows leaves out', async () => {
    const { control } = double;
    const path = 'lab.d.streamed';
    await control.table({
      project: 'lab',
      dataset: 'd',
      table: 'streamed',
      schema: [{ name: 'd', type: 'DATE' }],
      timePartitioning: { type: 'DAY', field: 'd' },
      rows: [{ d: '2024-01-01' }],
    });
    await control.insert(path, [{ d: '2024-01-02' }], { streaming: true });
    const look = async () => (await client.dataset('d').table('streamed').getMetadata())[0];
    expect(await look()).toMatchObject({ numRows: '1', streamingBuffer: { estimatedRows: '1' } });
    const count = async () => (await client.query("SELECT count(d) n FROM lab.d.streamed WHERE d = '2024-01-02'"))[0];
    expect(await count()).toEqual([{ n: 1 }]);
    await control.flushStreamingBuffer(path);
    expect(await look()).toMatchObject({ numRows: '2' });
    expect((await look()).streamingBuffer).toBeUndefined();
    expect(await count()).toEqual([{ n: 1 }]);
  });
});
