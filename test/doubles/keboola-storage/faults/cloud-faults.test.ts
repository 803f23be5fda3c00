import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FactsClient } from '../facts-client.ts';
import { cloudFaults, type Fault, type KeboolaStorage, startKeboolaStorage } from '../index.ts';

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
