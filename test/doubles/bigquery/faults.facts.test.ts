/** Facts about the REST side when it fails as scripted, and what the official client makes of it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { restClient } from './clients.ts';
import {
  accessDenied,
  backendError,
  internalError,
  notFoundFault,
  quotaExceeded,
  rateLimitExceeded,
  responseTooLarge,
  tooManyRequests,
  unauthorized,
} from './control/known-faults.ts';
import { type BigQueryDouble, startBigQuery } from './start.ts';

let double: BigQueryDouble;

beforeEach(async () => {
  double = await startBigQuery({ limits: { pageBytes: 1000 } });
  double.control.dataset({ project: 'lab', dataset: 'd' });
  await double.control.table({
    project: 'lab',
    dataset: 'd',
    table: 't',
    schema: [{ name: 'n', type: 'INT64' }],
    fromDuck: 'SELECT i FROM range(100) r(i)',
  });
});
afterEach(() => double.stop());

const patient = { retryOptions: { autoRetry: true, maxRetries: 3, maxRetryDelay: 0.01 } };
const table = (options = {}) => restClient(double, options).dataset('d').table('t');

it.each([
  ['unauthorized', unauthorized, 401, 'authError'],
  ['access denied', accessDenied, 403, 'accessDenied'],
  ['not found', notFoundFault, 404, 'notFound'],
  ['rate limit', rateLimitExceeded, 403, 'rateLimitExceeded'],
  ['too many requests', tooManyRequests, 429, 'rateLimitExceeded'],
  ['quota', quotaExceeded, 403, 'quotaExceeded'],
  ['backend error', backendError, 503, 'backendError'],
  ['internal error', internalError, 500, 'internalError'],
  ['response too large', responseTooLarge, 403, 'responseTooLarge'],
] as const)('%s arrives with its code and reason, for one call', async (_, fault, code, reason) => {
  double.control.fault({ on: 'tables.get', nth: 2, do: fault });
  const impatient = table({ autoRetry: false });
  await expect(impatient.getMetadata()).resolves.toBeDefined();
  await expect(impatient.getMetadata()).rejects.toMatchObject({ code, errors: [{ reason }] });
  await expect(impatient.getMetadata()).resolves.toBeDefined();
});

it('is survived by the client when it retries', async () => {
  double.control.fault({ on: 'tables.get', do: backendError });
  await expect(table(patient).getMetadata()).resolves.toBeDefined();
  expect(double.control.count('tables.get')).toBe(2);
});

it('cuts connections and answers', async () => {
  double.control.fault({ on: 'tables.get', do: { reset: true } });
  await expect(table({ autoRetry: false }).getMetadata()).rejects.toMatchObject({
    message: expect.stringMatching(/socket|reset|hang up/i),
  });
  double.control.fault({ on: 'tables.get', do: { truncate: true } });
  const response = await fetch(`${double.apiEndpoint}/bigquery/v2/projects/lab/datasets/d/tables/t`);
  await expect(response.json()).rejects.toThrow(SyntaxError);
});

it('hangs until the caller gives up', async () => {
  double.control.fault({ on: 'tables.get', do: { hang: true } });
  const call = fetch(`${double.apiEndpoint}/bigquery/v2/projects/lab/datasets/d/tables/t`, {
    signal: AbortSignal.timeout(100),
  });
  await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
});

interface RawPage {
  rows: unknown[];
  totalRows: string;
  pageToken?: string;
}

async function page(token?: string): Promise<RawPage> {
  const response = await fetch(
    `${double.apiEndpoint}/bigquery/v2/projects/lab/datasets/d/tables/t/data${token ? `?pageToken=${token}` : ''}`,
  );
  return (await response.json()) as RawPage;
}

it('cuts pages by bytes, loses rows from a page, hands out the same token again', async () => {
  const first = await page();
  expect(first.rows.length).toBeLessThan(100);
  expect(first).toMatchObject({ totalRows: '100', pageToken: expect.any(String) });
  double.control.fault({ on: 'tabledata.list', do: { dropRows: 2 } });
  expect((await page()).rows).toHaveLength(first.rows.length - 2);
  double.control.fault({ on: 'tabledata.list', do: { repeatPageToken: true } });
  expect((await page(first.pageToken)).pageToken).toBe(first.pageToken);
  expect((await page(first.pageToken)).pageToken).not.toBe(first.pageToken);
});

it('notes a credential that arrives in plaintext', async () => {
  await fetch(`${double.apiEndpoint}/bigquery/v2/projects`, { headers: { authorization: 'Bearer secret' } });
  expect(double.control.violations()).toEqual(['projects.list: a credential was sent to a plaintext endpoint']);
});

it('is sent one by a REST client that has credentials, custom endpoint or not', async () => {
  const authClient = { getRequestHeaders: async () => new Headers({ authorization: 'Bearer secret' }) } as never;
  await table({ authClient }).getMetadata();
  expect(double.control.violations()).toHaveLength(1);
});

it('keeps the calls in order', async () => {
  await table().getMetadata();
  expect(double.control.calls()).toMatchObject([
    { method: 'tables.get', target: expect.stringContaining('/projects/lab/datasets/d/tables/t') },
  ]);
});
