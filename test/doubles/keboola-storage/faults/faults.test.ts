import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dig, FactsClient, type Json } from '../facts-client.ts';
import { cloudFaults, type Fault, faults, type KeboolaStorage, startKeboolaStorage } from '../index.ts';

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

describe.each(['aws', 'gcp', 'azure'] as const)('faults of the %s cloud', (fileProvider) => {
  const body = { columns: 'id', gzip: true };
  beforeEach(() => {
    double.control.settings.fileProvider = fileProvider;
  });

  /** The first slice under a fault: its bytes and the answer. */
  async function struckSlice(fault: Fault) {
    const file = await client.file(orders, body);
    const [entry] = await client.entries(file);
    double.control.fail('slice', fault);
    const response = await client.object(file, entry!);
    return { response, bytes: Buffer.from(await response.arrayBuffer()) };
  }

  const refusals: [string, Fault, number][] = [
    ['expired credentials', cloudFaults.expiredCredentials(), { aws: 400, gcp: 401, azure: 403 }[fileProvider]],
    ['a forbidden object', cloudFaults.forbiddenObject(), 403],
    ['a missing object', cloudFaults.missingObject(), 404],
    ['too many requests', cloudFaults.slowDown(), fileProvider === 'gcp' ? 429 : 503],
  ];
  it.each(refusals)('answers %s in the words of the cloud', async (_name, fault, status) => {
    expect((await struckSlice(fault)).response.status).toBe(status);
  });

  it('breaks off a slice before its promised length', async () => {
    await expect(struckSlice(cloudFaults.shortSlice())).rejects.toThrow();
  });

  it('serves a gz with a wrong CRC', async () => {
    const { bytes } = await struckSlice(cloudFaults.wrongGzCrc());
    expect(() => gunzipSync(bytes)).toThrow(/incorrect data check/);
  });

  it('serves a gz that ends at a record border without a trailer', async () => {
    const { bytes } = await struckSlice(cloudFaults.gzCutAtRecordBorder());
    expect(() => gunzipSync(bytes)).toThrow(/unexpected end/);
  });

  it('serves fewer records in a sound gz', async () => {
    expect(gunzipSync((await struckSlice(cloudFaults.fewerRecords())).bytes).toString()).toBe('"1"\n');
  });

  it('serves a zero-byte slice and one of several gz members', async () => {
    expect((await struckSlice(cloudFaults.zeroByteObject())).bytes).toHaveLength(0);
    expect(gunzipSync((await struckSlice(cloudFaults.multiMemberGz())).bytes).toString()).toBe('"1"\n"2"\n');
  });

  it('serves rewritten text, cut objects and flipped bytes', async () => {
    const { bytes } = await struckSlice(
      cloudFaults.rewrittenCsv((text) => Buffer.concat([Buffer.from('\ufeff'), text])),
    );
    expect(gunzipSync(bytes).toString()).toBe('\ufeff"1"\n"2"\n');
    const whole = (await struckSlice(cloudFaults.rewrittenCsv((text) => text))).bytes.length;
    expect((await struckSlice(cloudFaults.truncatedObject(5))).response.headers.get('content-length')).not.toBe(
      String(whole),
    );
    const flipped = (await struckSlice(cloudFaults.flippedByte())).bytes;
    expect(() => gunzipSync(flipped)).toThrow();
  });

  it('declares a gz slice as content encoding, which fetch undoes', async () => {
    const { bytes } = await struckSlice(cloudFaults.gzipContentEncoding());
    expect(bytes.toString()).toBe('"1"\n"2"\n');
  });

  const manifests: [string, Fault, (entries: string[], before: string[]) => void][] = [
    ['empty', cloudFaults.emptyManifest(), (entries) => expect(entries).toEqual([])],
    [
      'with its first entry optional',
      cloudFaults.alteredManifest('optional', ([first, ...rest]) => [{ ...first!, mandatory: false }, ...rest]),
      (entries, before) => expect(entries).toEqual(before),
    ],
    ['shuffled', cloudFaults.shuffledManifest(), (entries, before) => expect(entries).toEqual([...before].reverse())],
    [
      'with duplicates',
      cloudFaults.duplicateEntries(),
      (entries, before) => expect(entries).toEqual([...before, ...before]),
    ],
    ['with a phantom', cloudFaults.phantomEntry(), (entries) => expect(entries).toHaveLength(3)],
    [
      'naming a foreign bucket',
      cloudFaults.foreignBucketEntry(),
      (entries) => expect(entries[0]).toContain('somebody-elses-bucket'),
    ],
    [
      'naming a link-local host',
      cloudFaults.entryAt('http://169.254.169.254/latest'),
      (entries) => expect(entries[0]).toContain('169.254'),
    ],
  ];
  it.each(manifests)('serves a manifest %s', async (_name, fault, look) => {
    const file = await client.file(orders, body);
    const before = await client.entries(file);
    double.control.fail('manifest', fault);
    look(await client.entries(file), before);
  });
});

it('a parquet slice can lose its footer', async () => {
  const file = await client.file(orders, { columns: 'id', fileType: 'parquet' });
  const [entry] = await client.entries(file);
  double.control.fail('slice', cloudFaults.truncatedParquetFooter());
  const bytes = Buffer.from(await (await client.object(file, entry!)).arrayBuffer());
  expect(bytes.subarray(0, 4).toString()).toBe('PAR1');
  expect(bytes.subarray(-4).toString()).not.toBe('PAR1');
});
