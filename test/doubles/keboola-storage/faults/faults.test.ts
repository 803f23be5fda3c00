import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dig, FactsClient, type Json } from '../facts-client.ts';
import { type Fault, faults, type KeboolaStorage, startKeboolaStorage } from '../index.ts';

const orders = 'in.c-main.orders';
const rows = [['1'], ['2'], ['3'], ['4']];
let double: KeboolaStorage;
let client: FactsClient;

beforeEach(async () => {
  double = await startKeboolaStorage({ sliceRows: 2 });
  await double.control.project.createTable({ id: orders, columns: ['id'], rows });
  client = new FactsClient(double);
});

afterEach(() => double.stop());

const detail = () => client.fetch(`/tables/${orders}`);
const trueDetail = async () => (await detail()).json() as Promise<Json>;

describe('faults of the API', () => {
  const statuses: [string, Fault, number, RegExp | null][] = [
    ['429 with seconds', faults.status(429, { seconds: 2 }), 429, /^2$/],
    ['429 with a date', faults.status(429, { dateInSeconds: 2 }), 429, /GMT$/],
    ['429 without a header', faults.status(429), 429, null],
    ['maintenance', faults.maintenance(30), 503, /^30$/],
    ['a gateway page', faults.htmlPage(504), 504, null],
    ['an empty body', faults.emptyBody(), 200, null],
    ...[400, 401, 403, 404, 409, 500, 501, 502, 503, 504].map(
      (code) => [String(code), faults.status(code), code, null] as [string, Fault, number, null],
    ),
  ];
  it.each(statuses)('%s strikes once and is gone', async (_name, fault, status, retryAfter) => {
    double.control.fail('table', fault);
    const struck = await detail();
    expect(struck.status).toBe(status);
    if (retryAfter) expect(struck.headers.get('retry-after')).toMatch(retryAfter);
    else expect(struck.headers.get('retry-after')).toBeNull();
    expect((await trueDetail()).id).toBe(orders);
    expect(double.control.calls('table').map((call) => call.faults.length)).toEqual([1, 0]);
  });

  it('strikes the nth call, as often as asked, where asked', async () => {
    double.control.fail('table', faults.status(500), {
      nth: 2,
      times: 2,
      where: ({ params }) => params.tableId === orders,
    });
    const statuses = [];
    for (let n = 0; n < 5; n += 1) {
      await client.fetch('/tables/in.c-main.other');
      statuses.push((await detail()).status);
    }
    expect(statuses).toEqual([200, 500, 500, 200, 200]);
  });

  it('cuts JSON in the middle', async () => {
    double.control.fail('table', faults.truncatedJson());
    await expect(trueDetail()).rejects.toThrow(SyntaxError);
  });

  it('says whatever the test wants', async () => {
    double.control.fail(
      'table',
      faults.changeBody('other words', () => Buffer.from('[]')),
    );
    expect(await trueDetail()).toEqual([]);
  });

  it('lies about the content type', async () => {
    double.control.fail('table', faults.lyingContentType());
    const struck = await detail();
    expect(struck.headers.get('content-type')).toBe('text/html');
    expect(dig(await struck.json(), 'id')).toBe(orders);
  });

  const cuts: [string, Fault][] = [
    ['before the headers', faults.resetBeforeHeaders()],
    ['in the middle of the body', faults.resetMidBody()],
    ['after the last byte', faults.resetAfterLastByte()],
  ];
  it.each(cuts)('resets the connection %s', async (_where, fault) => {
    double.control.fail('table', fault);
    await expect(trueDetail()).rejects.toThrow();
    expect((await trueDetail()).id).toBe(orders);
  });

  it.each([
    ['before the headers', faults.stallBeforeHeaders()],
    ['in the middle of the body', faults.stallMidBody()],
  ])('stalls %s until the client gives up', async (_where, fault) => {
    double.control.fail('table', fault);
    const signal = AbortSignal.timeout(150);
    await expect(client.fetch(`/tables/${orders}`, { signal }).then((response) => response.text())).rejects.toThrow(
      /timeout/,
    );
  });

  it('drips slowly and completely', async () => {
    double.control.fail('table', faults.slowDrip(100, 1));
    expect((await trueDetail()).id).toBe(orders);
  });

  it('changes the world between two calls', async () => {
    double.control.fail(
      'export',
      faults.meanwhile('column dropped', () => double.control.project.dropColumn(orders, 'id')),
    );
    expect((await client.job(orders, { columns: 'id' })).code).toBe('storage.tables.nonExistingColumns');
    double.control.fail(
      'table',
      faults.meanwhile('table dropped', () => double.control.project.dropTable(orders)),
    );
    expect((await detail()).status).toBe(404);
  });

  it('lets the detail say something untrue', async () => {
    double.control.project.pretend(orders, { rowsCount: 99 });
    expect((await trueDetail()).rowsCount).toBe(99);
    double.control.fail(
      'table',
      faults.alteredJson<Json>('no columns', (json) => ({ ...json, columns: [] })),
    );
    expect((await trueDetail()).columns).toEqual([]);
  });
});

describe('faults of jobs', () => {
  const post = async () =>
    (await client.post(`/tables/${orders}/export-async`, { columns: 'id' })).json() as Promise<Json>;
  const poll = async (job: Json) => (await client.fetch(`/jobs/${job.id}`)).json() as Promise<Json>;

  it.each(['waiting', 'processing'] as const)('a job sticks in %s whatever the clock says', async (stuck) => {
    double.control.fail('export', faults.jobStuck(stuck));
    const job = await post();
    double.control.clock.advance(86_400_000);
    await poll(job);
    expect((await poll(job)).status).toBe(stuck);
  });

  it('a job ends in error with code, message and exception', async () => {
    double.control.fail('export', faults.jobError('storage.x', 'broken', 'e-1'));
    expect(await client.job(orders, { columns: 'id' })).toMatchObject({
      status: 'error',
      error: { code: 'storage.x', message: 'broken', exceptionId: 'e-1' },
    });
  });

  it('a job vanishes', async () => {
    double.control.fail('export', faults.jobVanishes(2));
    const job = await post();
    expect((await poll(job)).id).toBe(job.id);
    expect((await poll(job)).code).toBe('storage.jobs.notFound');
  });

  it.each([null, []] as const)('a job succeeds with results %j', async (results) => {
    double.control.fail('export', faults.jobWithoutResults(results as null | []));
    expect(await client.job(orders, { columns: 'id' })).toMatchObject({ status: 'success', results });
  });

  it('a file is gone between job and detail', async () => {
    const job = await client.job(orders, { columns: 'id' });
    double.control.expireFiles();
    expect((await client.fetch(`/files/${dig(job, 'results', 'file', 'id')}`)).status).toBe(404);
  });
});
