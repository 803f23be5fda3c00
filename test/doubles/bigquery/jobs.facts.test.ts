/** Facts about jobs: their states, their cancelling, their results, and who may start them. */
import type { BigQuery } from '@google-cloud/bigquery';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { restClient } from './clients.ts';
import { type BigQueryDouble, startBigQuery } from './start.ts';

let double: BigQueryDouble;
let client: BigQuery;
const query = 'SELECT n FROM `lab.d.t` ORDER BY n';

beforeAll(async () => {
  double = await startBigQuery({ limits: { responseBytes: 100_000 } });
  client = restClient(double, { autoRetry: false });
  const { control } = double;
  control.dataset({ project: 'lab', dataset: 'd' });
  control.dataset({ project: 'lab', dataset: 'out' });
  control.dataset({ project: 'lab', dataset: 'tokyo', location: 'asia-northeast1' });
  await control.table({
    project: 'lab',
    dataset: 'd',
    table: 't',
    schema: [{ name: 'n', type: 'INT64' }],
    fromDuck: 'SELECT i FROM range(100) r(i)',
  });
  await control.table({
    project: 'lab',
    dataset: 'd',
    table: 'big',
    schema: [{ name: 'n', type: 'INT64' }],
    fromDuck: 'SELECT i FROM range(20000) r(i)',
  });
  await control.table({
    project: 'lab',
    dataset: 'tokyo',
    table: 't',
    schema: [{ name: 'n', type: 'INT64' }],
    rows: [{ n: 1 }],
  });
});
afterEach(() => {
  double.control.clearFaults();
  double.control.actAs('reader@example.iam.gserviceaccount.com');
});
afterAll(async () => {
  expect(double.control.violations()).toEqual([]);
  expect(double.control.runningJobs()).toEqual([]);
  await double.stop();
});

describe('a job', () => {
  it('has the id, labels and user it was given', async () => {
    const [job] = await client.createQueryJob({ query, jobId: 'mine-1', labels: { run: 'r1' } });
    await job.getQueryResults({ maxResults: 0 });
    const [metadata] = await job.getMetadata();
    expect(metadata).toMatchObject({
      id: 'lab:US.mine-1',
      user_email: 'reader@example.iam.gserviceaccount.com',
      configuration: { labels: { run: 'r1' } },
      status: { state: 'DONE' },
    });
    await expect(client.createQueryJob({ query, jobId: 'mine-1' })).rejects.toMatchObject({
      code: 409,
      errors: [{ reason: 'duplicate' }],
    });
    await job.delete();
    await expect(job.getMetadata()).rejects.toMatchObject({ code: 404 });
  });

  it('refuses labels that are not lower case', async () => {
    await expect(client.createQueryJob({ query, labels: { Run: 'X' } })).rejects.toMatchObject({
      code: 400,
      errors: [{ reason: 'invalid' }],
    });
  });

  it('runs as long as scripted; asking for results early says it is not complete', async () => {
    double.control.fault({ on: 'job', do: { jobTakesMs: 300 } });
    const [job] = await client.createQueryJob({ query, labels: { run: 'slow' } });
    expect(double.control.runningJobs()).toMatchObject([{ id: job.id, labels: { run: 'slow' }, state: 'RUNNING' }]);
    const early = await fetch(`${double.apiEndpoint}/bigquery/v2/projects/lab/queries/${job.id}?timeoutMs=1`);
    expect(await early.json()).toMatchObject({ jobComplete: false });
    const [rows] = await job.getQueryResults();
    expect(rows).toHaveLength(100);
  });

  it('is cancelled on request, though perhaps not at once', async () => {
    double.control.fault({ on: 'job', do: { jobTakesMs: 60_000, cancelTakesMs: 100 } });
    const [job] = await client.createQueryJob({ query });
    const [reply] = await job.cancel();
    expect(reply.job?.status?.state).toBe('RUNNING');
    expect(double.control.runningJobs()).toHaveLength(1);
    await expect(job.getQueryResults()).rejects.toMatchObject({
      errors: [{ reason: 'stopped', message: expect.stringContaining('User requested cancellation') }],
    });
    expect(double.control.runningJobs()).toHaveLength(0);
    await expect(job.cancel()).resolves.toBeDefined();
  });

  it('ends at its time limit', async () => {
    double.control.fault({ on: 'job', do: { jobTakesMs: 60_000 } });
    const [job] = await client.createQueryJob({ query, jobTimeoutMs: 50 });
    await expect(job.getQueryResults()).rejects.toMatchObject({
      errors: [{ reason: 'stopped', message: expect.stringContaining('timed out') }],
    });
  });

  it('can fail after it was accepted, in every reading of it', async () => {
    double.control.fault({ on: 'job', do: { jobFails: { reason: 'backendError', message: 'a slot broke' } } });
    const [job] = await client.createQueryJob({ query });
    await expect(job.getQueryResults()).rejects.toMatchObject({
      code: 503,
      errors: [{ reason: 'backendError', message: 'a slot broke' }],
    });
    await expect(job.promise()).rejects.toMatchObject({ errors: [{ reason: 'backendError' }] });
  });

  it('fails when its data do not fit what the statement says', async () => {
    const [job] = await client.createQueryJob({ query: 'SELECT 1 / (n - n) FROM lab.d.t' });
    await expect(job.getQueryResults()).rejects.toMatchObject({
      code: 400,
      errors: [{ reason: 'invalidQuery', message: expect.stringContaining('division by zero') }],
    });
  });

  it('outside the multi-regions is found only with its location', async () => {
    const [job] = await client.createQueryJob({ query: 'SELECT n FROM `lab.tokyo.t`' });
    expect(job.location).toBe('asia-northeast1');
    await job.getQueryResults();
    await expect(client.job(job.id!).getMetadata()).rejects.toMatchObject({ code: 404 });
    await expect(client.job(job.id!, { location: 'US' }).getMetadata()).rejects.toMatchObject({ code: 404 });
    await expect(client.job(job.id!, { location: 'asia-northeast1' }).getMetadata()).resolves.toBeDefined();
  });

  it('is listed by state', async () => {
    const [job] = await client.createQueryJob({ query });
    await job.getQueryResults({ maxResults: 0 });
    const [done] = await client.getJobs({ stateFilter: ['done'], maxResults: 1, autoPaginate: false });
    expect(done.map((j) => j.id)).toEqual([job.id]);
    const [running] = await client.getJobs({ stateFilter: ['running'] });
    expect(running).toEqual([]);
  });
});

describe('a result', () => {
  it('lies in an anonymous table that listings hide', async () => {
    const [job] = await client.createQueryJob({ query });
    await job.getQueryResults({ maxResults: 0 });
    const { datasetId, tableId } = (await job.getMetadata())[0].configuration.query.destinationTable;
    const [rows] = await client.dataset(datasetId).table(tableId).getRows({ maxResults: 2, autoPaginate: false });
    expect(rows).toEqual([{ n: 0 }, { n: 1 }]);
    expect(Number((await client.dataset(datasetId).table(tableId).getMetadata())[0].expirationTime)).toBeGreaterThan(
      Date.now(),
    );
    expect((await client.getDatasets())[0].map((d) => d.id)).not.toContain(datasetId);
  });

  it('goes to a destination, once, unless told to overwrite or append', async () => {
    const destination = client.dataset('out').table('kept');
    const run = async (writeDisposition?: string) => {
      const [job] = await client.createQueryJob({
        query,
        destination,
        ...(writeDisposition ? { writeDisposition } : {}),
      });
      await job.getQueryResults({ maxResults: 0 });
    };
    const rows = async () => Number((await destination.getMetadata())[0].numRows);
    await run();
    await expect(run()).rejects.toMatchObject({ errors: [{ reason: 'duplicate' }] });
    await run('WRITE_APPEND');
    expect(await rows()).toBe(200);
    await run('WRITE_TRUNCATE');
    expect(await rows()).toBe(100);
  });

  it('that is too large needs a destination', async () => {
    const big = 'SELECT n FROM lab.d.big';
    const [job] = await client.createQueryJob({ query: big });
    await expect(job.getQueryResults()).rejects.toMatchObject({ code: 403, errors: [{ reason: 'responseTooLarge' }] });
    const [stored] = await client.createQueryJob({ query: big, destination: client.dataset('out').table('big') });
    await expect(stored.getQueryResults({ maxResults: 1, autoPaginate: false })).resolves.toBeDefined();
  });
});

describe('a missing permission', () => {
  it.each([
    ['bigquery.jobs.create', 'lab', () => client.createQueryJob({ query }), 'accessDenied'],
    ['bigquery.tables.getData', 'lab.d.t', () => client.createQueryJob({ query }), 'accessDenied'],
    ['bigquery.tables.getData', 'lab.d', () => client.dataset('d').table('t').getRows(), 'accessDenied'],
    ['bigquery.tables.get', 'lab.d.t', () => client.dataset('d').table('t').getMetadata(), 'accessDenied'],
    ['bigquery.tables.list', 'lab.d', () => client.dataset('d').getTables(), 'accessDenied'],
    ['bigquery.datasets.get', 'lab.d', () => client.dataset('d').getMetadata(), 'accessDenied'],
    ['serviceusage.services.use', 'lab', () => client.createQueryJob({ query }), 'forbidden'],
  ] as const)('%s on %s is a 403', async (permission, resource, call, reason) => {
    double.control.actAs('poor@example.com');
    double.control.deny(permission, resource);
    await expect(call()).rejects.toMatchObject({ code: 403, errors: [{ reason }] });
    double.control.actAs('rich@example.com');
    await expect(call()).resolves.toBeDefined();
    double.control.actAs('poor@example.com');
    double.control.allow(permission, resource);
    await expect(call()).resolves.toBeDefined();
  });

  it('to let a project pay is told apart by its details', async () => {
    double.control.deny('serviceusage.services.use', 'payer');
    const response = await fetch(`${double.apiEndpoint}/bigquery/v2/projects/lab/datasets`, {
      headers: { 'x-goog-user-project': 'payer' },
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      error: { status: 'PERMISSION_DENIED', details: [{ reason: 'USER_PROJECT_DENIED' }] },
    });
  });

  it('hides datasets from the listing', async () => {
    double.control.actAs('poor@example.com');
    double.control.deny('bigquery.datasets.get', 'lab.d');
    expect((await client.getDatasets())[0].map((d) => d.id)).toEqual(['out', 'tokyo']);
    double.control.allow('bigquery.datasets.get', 'lab.d');
  });
});
