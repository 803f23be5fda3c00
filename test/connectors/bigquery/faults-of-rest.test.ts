/** What goes wrong on the way through queries and REST: every fault ends in one stated outcome, and never in a changed or missing table. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaultAction, Method } from '../../doubles/bigquery/control/faults.ts';
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
} from '../../doubles/bigquery/control/known-faults.ts';
import { type Case, forEver, on, prove } from './fault-case.ts';
import { Lab } from './lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open({ limits: { pageBytes: 60 } });
});
afterAll(() => lab?.close());

/** The calls of one read: the second insert is the query itself, the first its dry run. One that sends and one that fetches meet every fault. */
const steps: Record<string, { method: Method; nth?: number; all?: true }> = {
  'looking at the table': { method: 'tables.get' },
  'the dry run': { method: 'jobs.insert' },
  'the query': { method: 'jobs.insert', nth: 2, all: true },
  'asking after the query': { method: 'jobs.get' },
  'a page of rows': { method: 'jobs.getQueryResults', nth: 2, all: true },
};
const everywhere = [
  '503 backendError',
  'a page of a proxy instead of JSON',
  'silence',
  '401',
  '403 accessDenied',
  '404',
];

const html = '<html><body>Bad gateway</body></html>';
const http = (status: number, reason: string): FaultAction => ({ http: { status, reason, message: `so ${reason}` } });

const survived: Record<string, FaultAction> = {
  '403 rateLimitExceeded': rateLimitExceeded,
  '429': tooManyRequests,
  '500 internalError': internalError,
  '500 without a reason': { raw: { status: 500, body: html } },
  'a gateway’s 502': { raw: { status: 502, body: html } },
  '503 backendError': backendError,
  'a gateway’s 504': { raw: { status: 504, body: '' } },
  'a connection that breaks': { reset: true },
  'JSON that is cut off': { truncate: true },
  'a page of a proxy instead of JSON': { raw: { status: 200, body: html } },
  silence: { hang: true },
};

const final: Record<string, [FaultAction, string, RegExp]> = {
  '401': [unauthorized, 'source_auth', /application default credentials/],
  '403 accessDenied': [accessDenied, 'source_forbidden', /roles\/bigquery\.dataViewer/],
  '403 quotaExceeded': [quotaExceeded, 'source_failed', /quota of lab/],
  '403 of a project that may not pay': [
    {
      http: {
        status: 403,
        reason: 'forbidden',
        message:
          'Caller does not have required permission to use project lab. Grant the caller the roles/serviceusage.serviceUsageConsumer role.',
      },
    },
    'source_forbidden',
    /billing_project/,
  ],
  '403 responseTooLarge': [responseTooLarge, 'source_failed', /Narrow the table/],
  '404': [notFoundFault, 'source_missing', /location/],
  '400 invalid': [http(400, 'invalid'), 'query_failed', /BigQuery’s own/],
  '400 invalidQuery': [http(400, 'invalidQuery'), 'query_failed', /options\.sql/],
  '403 billingNotEnabled': [http(403, 'billingNotEnabled'), 'source_forbidden', /billing/i],
  '418 with a reason nobody knows': [http(418, 'teapot'), 'source_failed', /teapot/],
};

describe.each(Object.entries(steps))('%s', (_step, { method, nth = 1, all = false }) => {
  const met = <T>(faults: Record<string, T>) =>
    Object.entries(faults).filter(([name]) => all || everywhere.includes(name));
  test.each(met(survived))('%s once is survived', (_name, action) =>
    prove(lab, { fault: on(method, action, { nth }), outcome: 'retried' }, byRest),
  );
  test.each(met(final))('%s is final', (_name, [action, code, says]) =>
    prove(lab, { fault: on(method, action, { nth }), outcome: 'failed and kept data', code, says }, byRest),
  );
});

const byRest = { storage_read: 'never' };

const always: Record<string, Case> = {
  '503 for ever': {
    fault: on('jobs.getQueryResults', backendError, { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_failed',
    says: /fault of its own.*next run/,
  },
  'too many requests for ever': {
    fault: on('jobs.getQueryResults', rateLimitExceeded, { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_failed',
    says: /slow down/,
  },
  'connections that always break': {
    fault: on('tables.get', { reset: true }, { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_unreachable',
    says: /network/,
  },
  'JSON that is always cut off': {
    fault: on('jobs.getQueryResults', { truncate: true }, { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_failed',
  },
  'silence for ever': {
    fault: on('jobs.getQueryResults', { hang: true }, { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_unreachable',
    says: /stall_timeout_seconds/,
  },
  'a dry run that never works': {
    fault: on('jobs.insert', internalError, { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_failed',
  },
  'an accepted query whose answer is lost is ours all the same: 409 duplicate': {
    fault: on('jobs.insert', { loseAnswer: true }, { nth: 2 }),
    outcome: 'retried',
  },
  'a query that is not there any more': {
    fault: on('jobs.get', notFoundFault, { times: forEver }),
    outcome: 'failed and kept data',
    code: 'source_missing',
  },
  'the time cannot be asked for': {
    fault: on('datasets.list', accessDenied, { times: forEver }),
    outcome: 'retried',
  },
  'fewer rows than announced': {
    fault: on('jobs.getQueryResults', { dropRows: 1 }, { nth: 2 }),
    outcome: 'failed and kept data',
    code: 'rows_missing',
  },
  'a page that points at itself': {
    fault: on('jobs.getQueryResults', { repeatPageToken: true }, { nth: 2 }),
    outcome: 'failed and kept data',
    code: 'source_failed',
    says: /read already/,
  },
};

describe('through queries', () => {
  test.each(Object.entries(always))('%s', (_name, given) => prove(lab, given, byRest));
});

const jobEnds = (reason: string, message = `so ${reason}`, times = 1) =>
  on('job', { jobFails: { reason, message } }, { times });

describe('a query that ends with', () => {
  test.each([
    'backendError',
    'internalError',
    'rateLimitExceeded',
    'jobRateLimitExceeded',
    'jobBackendError',
    'jobInternalError',
    'tableUnavailable',
  ])('%s is run again', (reason) => prove(lab, { fault: jobEnds(reason), outcome: 'retried' }, byRest));

  const ends: Record<string, [string, RegExp]> = {
    accessDenied: ['source_forbidden', /dataViewer/],
    bytesBilledLimitExceeded: ['over_cap', /max_bytes_per_table/],
    invalidQuery: ['query_failed', /options\.sql/],
    notFound: ['source_missing', /location/],
    quotaExceeded: ['source_failed', /quota/],
    resourcesExceeded: ['source_failed', /aggregate in steps/],
    responseTooLarge: ['source_failed', /Narrow/],
    stopped: ['source_failed', /cancelled/],
    billingTierLimitExceeded: ['source_failed', /BigQuery’s own/],
    somethingNew: ['source_failed', /somethingNew/],
  };
  test.each(Object.entries(ends))('%s is final', (reason, [code, says]) =>
    prove(lab, { fault: jobEnds(reason), outcome: 'failed and kept data', code, says }, byRest),
  );

  test('backendError for ever gives up after three queries and is charged what they were billed', async () => {
    lab.control.reset();
    const given: Case = {
      fault: (each) => {
        each.control.reset();
        jobEnds('backendError', 'so', forEver)(each);
      },
      outcome: 'failed and kept data',
      code: 'source_failed',
    };
    await prove(lab, given, byRest);
    // The dry run and three queries.
    expect(lab.control.count('jobs.insert')).toBe(4);
    expect((await lab.memory()).jobs).toEqual([]);
  });
});

describe('a table that changes in the middle', () => {
  const replace = async () => {
    await lab.control.drop('lab.d.orders');
    await lab.control.table({
      project: 'lab',
      dataset: 'd',
      table: 'orders',
      schema: [{ name: 'id', type: 'STRING' }],
      rows: [{ id: 'x' }],
    });
  };
  test('dropped before its query runs', () =>
    prove(
      lab,
      {
        fault: on('jobs.insert', { meanwhile: () => lab.control.drop('lab.d.orders') }),
        outcome: 'failed and kept data',
        code: 'source_missing',
      },
      byRest,
    ));
  test('made anew with other columns before its query runs', () =>
    prove(
      lab,
      { fault: on('jobs.insert', { meanwhile: replace }), outcome: 'failed and kept data', code: 'query_failed' },
      byRest,
    ));
  test('made anew between the dry run and the query', () =>
    prove(
      lab,
      {
        fault: on('jobs.insert', { meanwhile: replace }, { nth: 2 }),
        outcome: 'failed and kept data',
        code: 'query_failed',
      },
      byRest,
    ));
  test('rows that come after the look are not read', () =>
    prove(
      lab,
      {
        fault: on('jobs.insert', {
          meanwhile: () => lab.control.insert('lab.d.orders', [{ id: 6, name: 'late' }]),
        }),
        outcome: 'as it was at the look',
      },
      byRest,
    ));
});

test('a query sent to another location than its data is answered as missing, with the location', async () => {
  await lab.startOver();
  lab.control.clearFaults();
  const table = lab.table('orders', { options: { sql: 'SELECT id FROM lab.d.orders' } });
  const result = await lab.sync(table, { location: 'US' });
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'source_missing', hint: expect.stringContaining('(US)') },
  });
});
