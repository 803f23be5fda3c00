import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digText, FactsClient, type Json } from '../facts-client.ts';
import { type KeboolaStorage, startKeboolaStorage } from '../index.ts';
import { crc32cUpdate } from './crc32c.ts';

const orders = 'in.c-main.orders';
const expiredAnswer = {
  aws: [400, 'ExpiredToken'],
  gcp: [401, 'Invalid Credentials'],
  azure: [403, 'time frame'],
} as const;
const listUrl = { aws: 'kbc-sapi-files-double/', gcp: 'storage/v1/b/kbc-gcs-files-double/o', azure: undefined };

describe.each(['aws', 'gcp', 'azure'] as const)('the cloud of a %s project', (fileProvider) => {
  let double: KeboolaStorage;
  let client: FactsClient;
  let file: Json;
  let entry: string;

  beforeEach(async () => {
    double = await startKeboolaStorage({ fileProvider });
    await double.control.project.createTable({ id: orders, columns: ['id'], rows: [['1'], ['2'], ['3']] });
    client = new FactsClient(double);
    file = await client.file(orders, { columns: 'id' });
    entry = (await client.entries(file))[0]!;
  });

  afterEach(() => double.stop());

  it('serves a slice whole, with its length and a hash, and in ranges', async () => {
    const whole = await client.object(file, entry);
    const bytes = Buffer.from(await whole.arrayBuffer());
    expect(bytes.toString()).toBe('"1"\n"2"\n"3"\n');
    expect(whole.headers.get('content-length')).toBe(String(bytes.length));
    const md5 = createHash('md5').update(bytes).digest();
    const said = `${whole.headers.get('etag')} ${whole.headers.get('content-md5')} ${whole.headers.get('x-goog-hash')}`;
    expect(said).toContain(fileProvider === 'aws' ? md5.toString('hex') : md5.toString('base64'));
    const part = await client.object(file, entry, { range: 'bytes=4-6', 'if-match': whole.headers.get('etag')! });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 4-6/12', '"2"']);
    expect((await client.object(file, entry, { range: 'bytes=4-', 'if-match': '"other"' })).status).toBe(412);
    expect((await client.object(file, entry, { range: 'bytes=99-' })).status).toBe(416);
  });

  it('serves the manifest by its signed URL and at key + "manifest"', async () => {
    const byUrl = await (await fetch(String(file.url))).json();
    const manifestEntry = entry.replace(/_0_0_0\.csv$/, 'manifest');
    expect(await (await client.object(file, manifestEntry)).json()).toEqual(byUrl);
    expect(byUrl).toEqual({ entries: [{ url: entry, mandatory: true }] });
  });

  it('lets signed URLs and credentials run out on the clock, and each file detail mints new ones', async () => {
    double.control.clock.advance(3_601_000);
    expect((await fetch(String(file.url))).ok).toBe(false);
    double.control.clock.advance(12 * 3_600_000);
    const refused = await client.object(file, entry);
    expect([refused.status, await refused.text()]).toEqual([
      expiredAnswer[fileProvider][0],
      expect.stringContaining(expiredAnswer[fileProvider][1]),
    ]);
    const renewed = await client.get(`/files/${file.id}?federationToken=1`);
    expect((await client.object(renewed, entry)).status).toBe(200);
  });

  it('can end the life of all credentials at once', async () => {
    double.control.expireCredentials();
    expect((await client.object(file, entry)).status).toBe(expiredAnswer[fileProvider][0]);
    const renewed = await client.get(`/files/${file.id}?federationToken=1`);
    expect((await client.object(renewed, entry)).status).toBe(200);
  });

  it('refuses another export of the same project under these credentials', async () => {
    await double.control.project.load(orders, [['9']]);
    const other = (await client.entries(await client.file(orders, { columns: 'id' })))[0]!;
    expect((await client.object(file, other)).status).toBe(403);
    double.control.acknowledgeViolations();
  });

  it('counts credentials sent to a foreign bucket as a violation', async () => {
    const foreign = entry.replace(/^(s3:\/\/|gs:\/\/|azure:\/\/[^/]+\/)[^/]+/, '$1somebody-elses');
    expect((await client.object(file, foreign)).status).toBe(403);
    expect(double.control.acknowledgeViolations().map(({ kind }) => kind)).toEqual(['foreign-bucket']);
  });

  it('counts a storage token at the cloud as a violation', async () => {
    await client.object(file, entry, { 'x-storageapi-token': double.tokens.master });
    await client.object(file, entry, { 'x-anything': `Bearer ${double.tokens.master}` });
    expect(double.control.acknowledgeViolations().map(({ kind }) => kind)).toEqual([
      'token-at-cloud',
      'token-at-cloud',
    ]);
  });

  it('counts a request without any authentication as a violation', async () => {
    const host = new URL(String(file.url)).origin;
    const refused = await fetch(`${host}${new URL(String(file.url)).pathname}`);
    expect(refused.ok).toBe(false);
    expect(double.control.acknowledgeViolations().map(({ kind }) => kind)).toEqual(['unauthenticated-slice']);
  });

  it('does not let anybody write', async () => {
    const response = await fetch(String(file.url), { method: 'PUT', body: 'x' });
    expect(response.ok).toBe(false);
    expect(double.control.acknowledgeViolations().map(({ kind }) => kind)).toContain('write-at-cloud');
  });

  it('answers 404 for an object that is not there', async () => {
    expect((await client.object(file, `${entry}.phantom`)).status).toBe(404);
  });

  it('answers 403 for fresh objects when asked to', async () => {
    double.control.settings.freshForbiddenMs = 1000;
    double.control.clock.freeze(double.control.clock.now());
    await double.control.project.load(orders, [['5']]);
    const fresh = await client.job(orders, { columns: 'id' });
    const detail = await client.get(`/files/${digText(fresh, 'results', 'file', 'id')}?federationToken=1`);
    expect((await fetch(String(detail.url))).status).toBe(403);
    double.control.clock.advance(1000);
    expect((await fetch(String(detail.url))).status).toBe(200);
  });

  it.runIf(listUrl[fileProvider])('does not let the export credentials list the bucket', async () => {
    const scheme = fileProvider === 'aws' ? 's3' : 'gs';
    expect(
      (await client.object(file, `${scheme}://kbc-${fileProvider === 'aws' ? 'sapi' : 'gcs'}-files-double/`)).status,
    ).toBe(403);
  });
});

it('S3 refuses a signature dated by a clock that is off', async () => {
  const double = await startKeboolaStorage();
  await double.control.project.createTable({ id: orders, columns: ['id'], rows: [['1']] });
  const client = new FactsClient(double);
  const file = await client.file(orders, { columns: 'id' });
  const [entry] = await client.entries(file);
  double.control.skewClouds(20 * 60_000);
  expect(await (await client.object(file, entry!)).text()).toContain('RequestTimeTooSkewed');
  await double.stop();
});

it('crc32c agrees with the published check value', () => {
  expect(crc32cUpdate(0, Buffer.from('123456789'))).toBe(0xe3069283);
});
