/** What a double started with `careful` holds against a client that BigQuery would serve. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openReadSession, readStream, storageClient } from './clients.ts';
import { type BigQueryDouble, startBigQuery } from './start.ts';

let double: BigQueryDouble;

beforeEach(async () => {
  double = await startBigQuery({ careful: true, limits: { rowsPerMessage: 10, streams: 1 } });
  double.control.dataset({ project: 'lab', dataset: 'd' });
  await double.control.table({
    project: 'lab',
    dataset: 'd',
    table: 't',
    schema: [
      { name: 'n', type: 'INT64' },
      { name: 's', type: 'STRUCT', fields: [{ name: 'at', type: 'TIMESTAMP', mode: 'REPEATED' }] },
    ],
    fromDuck: "SELECT i, {'at': [TIMESTAMPTZ '2024-01-01 00:00:00.000001+00']} FROM range(30) r(i)",
  });
});
afterEach(() => double.stop());

async function call(path: string, body?: object): Promise<void> {
  const request = body
    ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    : {};
  const answer = await fetch(`${double.apiEndpoint}/bigquery/v2/projects/lab/${path}`, request);
  expect([answer.status, await answer.text()]).toEqual([200, expect.anything()]);
}

const query = { query: 'SELECT n, s FROM d.t', useLegacySql: false, maximumBytesBilled: '20000000' };
const careful = { labels: { da: 'x' }, jobTimeoutMs: '10000', query };
const jobReference = { projectId: 'lab', jobId: 'one', location: 'US' };
const violations = () => double.control.violations();

it('a careful client breaks no rule', async () => {
  await call('jobs', { configuration: { dryRun: true, query: { query: 'SELECT 1', useLegacySql: false } } });
  await call('jobs', { jobReference, configuration: careful });
  await call('jobs/one?location=US');
  await call('queries/one?location=US&formatOptions.useInt64Timestamp=true');
  await call('queries/one?location=US&maxResults=0');
  expect(violations()).toEqual([]);
});

it.each([
  ['maximumBytesBilled', { ...careful, query: { ...query, maximumBytesBilled: undefined } }, { jobReference }],
  ['labels', { ...careful, labels: {} }, { jobReference }],
  ['jobTimeoutMs', { ...careful, jobTimeoutMs: undefined }, { jobReference }],
  ['an id of the client', careful, {}],
])('a query without %s is told', async (what, configuration, reference) => {
  await call('jobs', { ...reference, configuration });
  expect(violations()).toEqual([expect.stringContaining(what)]);
});

it('calls about a job without its location, and timestamps as floating point, are told', async () => {
  await call('jobs', { jobReference, configuration: careful });
  await call('jobs/one');
  await call('queries/one?location=US');
  await call('jobs/one/cancel', {});
  expect(violations()).toEqual([
    'jobs.get: a job without its location',
    'jobs.getQueryResults: timestamps as floating point',
    'jobs.cancel: a job without its location',
  ]);
});

it('a stream read from behind the rows that were sent is told, one read again or on is not', async () => {
  const client = storageClient(double);
  const session = await openReadSession(client, 'd.t');
  const stream = session.streams![0]!.name!;
  await readStream(client, stream, 20);
  expect(violations()).toEqual([expect.stringContaining('from row 20, of which 0 were sent')]);
  await readStream(client, stream);
  await readStream(client, stream, 30);
  expect(violations()).toHaveLength(1);
  await client.close();
});
