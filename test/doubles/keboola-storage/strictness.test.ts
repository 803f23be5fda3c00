import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FactsClient } from './facts-client.ts';
import { faults, type KeboolaStorage, startKeboolaStorage } from './index.ts';

const orders = 'in.c-main.orders';

describe('a careless client', () => {
  let double: KeboolaStorage;
  let client: FactsClient;

  beforeEach(async () => {
    double = await startKeboolaStorage();
    await double.control.project.createTable({ id: orders, columns: ['id'], rows: [['1']] });
    client = new FactsClient(double);
  });

  afterEach(async () => {
    double.control.acknowledgeViolations();
    await double.stop();
  });

  type Slip = [what: string, kind: string, slip: () => Promise<unknown>];
  const slips: Slip[] = [
    ['an unknown body field', 'unknown-field', () => client.post(`/tables/${orders}/export-async`, { header: true })],
    [
      'an unknown filter field',
      'unknown-field',
      () =>
        client.post(`/tables/${orders}/export-async`, {
          whereFilters: [{ column: 'id', operator: 'eq', values: ['1'], value: '1' }],
        }),
    ],
    ['columns as a list', 'wrong-field-type', () => client.post(`/tables/${orders}/export-async`, { columns: ['id'] })],
    [
      'filters that are not a list',
      'wrong-field-type',
      () => client.post(`/tables/${orders}/export-async`, { whereFilters: { column: 'id' } }),
    ],
    ['a wrong method', 'wrong-method', () => client.fetch(`/tables/${orders}/export-async`)],
    ['an unknown route', 'unknown-route', () => client.fetch('/table/in.c-main.orders')],
    ['a doubled slash', 'unknown-route', () => client.fetch(`//tables/${orders}`)],
    ['a missing token', 'missing-token', () => fetch(`${double.url}/v2/storage/tokens/verify`)],
    ['a token in the URL', 'token-in-url', () => client.fetch(`/buckets?include=${double.tokens.master}`)],
    ['an unknown query parameter', 'unknown-query', () => client.fetch('/buckets?limit=10')],
    ['an unknown include', 'unknown-include', () => client.fetch('/buckets?include=tables')],
    [
      'JSON sent as text',
      'wrong-content-type',
      () => client.fetch(`/tables/${orders}/export-async`, { method: 'POST', body: '{}' }),
    ],
    ['a branch-prefixed job', 'branch-prefixed-job', () => client.fetch('/branch/default/jobs/1')],
  ];
  it.each(slips)('is caught at %s', async (_what, kind, slip) => {
    await slip();
    expect(double.control.violations.map((violation) => violation.kind)).toContain(kind);
  });

  it('is caught following a redirect with the token, as fetch does', async () => {
    double.control.fail('table', faults.redirect(double.trap.redirected));
    await client.fetch(`/tables/${orders}`, { redirect: 'follow' });
    expect(double.control.violations.map(({ kind }) => kind)).toEqual(['credentials-after-redirect']);
  });

  it('is caught at a host it should never ask, even without credentials', async () => {
    await fetch(`${double.trap.url}/latest/meta-data`);
    expect(double.control.violations.map(({ kind }) => kind)).toEqual(['forbidden-host']);
  });

  it('makes stop() throw, so that the test fails', async () => {
    const other = await startKeboolaStorage();
    await fetch(`${other.url}/v2/storage/tokens/verify`);
    await expect(other.stop()).rejects.toThrow(/missing-token/);
  });

  it.each(['refused', 'unknownHost', 'notTls'] as const)('cannot reach a stack that is %s', async (how) => {
    await expect(fetch(double.unreachable[how])).rejects.toThrow();
  });

  it('leaves a journal of every call', async () => {
    await client.get('/tokens/verify');
    const [call] = double.control.calls('verify');
    expect(call).toMatchObject({
      listener: 'storage',
      method: 'GET',
      target: '/v2/storage/tokens/verify',
      status: 200,
      faults: [],
    });
    expect(call!.headers['x-storageapi-token']).toBe(double.tokens.master);
  });
});
