/** Facts about the Storage Read API, asked through the official client without changes to it. */
import type { BigQueryReadClient } from '@google-cloud/bigquery-storage';
import { status } from '@grpc/grpc-js';
import type { RecordBatch } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReadSession, readStream, recordBatches, restClient, storageClient, withoutRetries } from './clients.ts';
import { resourceExhausted, streamBroken, wedgedStream } from './control/known-faults.ts';
import { goldenRows, goldenSchema } from './golden-table.ts';
import { type BigQueryDouble, startBigQuery } from './start.ts';

let double: BigQueryDouble;
let client: BigQueryReadClient;

beforeAll(async () => {
  double = await startBigQuery({ limits: { rowsPerMessage: 1000, streams: 3 } });
  client = storageClient(double);
  const { control } = double;
  control.dataset({ project: 'lab', dataset: 'd' });
  await control.table({ project: 'lab', dataset: 'd', table: 'golden', schema: goldenSchema, rows: goldenRows });
  await control.table({
    project: 'lab',
    dataset: 'd',
    table: 'many',
    schema: [
      { name: 'n', type: 'INT64' },
      { name: 's', type: 'STRING' },
      { name: 'day', type: 'DATE' },
    ],
    fromDuck: "SELECT i, 'row ' || i, DATE '2024-01-01' + CAST(i // 5000 AS INTEGER) FROM range(20000) r(i)",
    timePartitioning: { type: 'DAY', field: 'day' },
  });
  await control.table({ project: 'lab', dataset: 'd', table: 'empty', schema: [{ name: 'x', type: 'INT64' }] });
  await control.table({ project: 'lab', dataset: 'd', table: 'v', query: 'SELECT n FROM `lab.d.many`' });
});

afterAll(async () => {
  expect(double.control.violations()).toEqual([]);
  await client.close();
  await double.stop();
});

function numbers(batches: RecordBatch[]): number[] {
  return batches.flatMap((b) => Array.from(b.getChild('n') ?? [], Number));
}

async function readAll(table: string, options = {}): Promise<RecordBatch[]> {
  const session = await openReadSession(client, table, options);
  const all = await Promise.all((session.streams ?? []).map((s) => readStream(client, s.name!)));
  return recordBatches(session, all.flat());
}

describe('Arrow', () => {
  it('comes in the types the API documents', async () => {
    const [batch] = await readAll('d.golden');
    expect(Object.fromEntries(batch!.schema.fields.map((f) => [f.name, String(f.type)]))).toEqual({
      id: 'Int64',
      big_int: 'Int64',
      num: 'Decimal[38e+9]',
      num_10_2: 'Decimal[10e+2]',
      bignum: 'Decimal[76e+38]',
      flt: 'Float64',
      flag: 'Bool',
      txt: 'Utf8',
      raw: 'Binary',
      d: 'Date32<DAY>',
      dt: 'Timestamp<MICROSECOND>',
      t: 'Time64<MICROSECOND>',
      ts: 'Timestamp<MICROSECOND, UTC>',
      js: 'Utf8',
      geo: 'Utf8',
      iv: 'Interval<MONTH_DAY_NANO>',
      ints: 'List<Int64>',
      rec: 'Struct<{a:Int64, b:Utf8, inner:Struct<{ts:Timestamp<MICROSECOND, UTC>}>}>',
      recs: 'List<Struct<{k:Utf8, v:Decimal[38e+9]}>>',
      dr: 'Struct<{start:Date32<DAY>, end:Date32<DAY>}>',
      tsr: 'Struct<{start:Timestamp<MICROSECOND, UTC>, end:Timestamp<MICROSECOND, UTC>}>',
    });
    expect(batch!.schema.fields.find((f) => f.name === 'js')?.metadata.get('ARROW:extension:name')).toBe(
      'google:sqlType:json',
    );
  });

  it('holds the exact values, decimals of 76 digits and microseconds of the year 9999 included', async () => {
    const [batch] = await readAll('d.golden');
    // The slot of a NULL may hold anything.
    const raw = (name: string) => ({
      values: batch!.getChild(name)!.data[0]!.values.subarray(0, name === 'bignum' ? 16 : 2),
    });
    expect(decimal256(raw('bignum').values as Uint32Array, 0)).toBe(
      1234567890123456789012345678901234567812345678901234567890123456789012345678n,
    );
    expect(decimal256(raw('bignum').values as Uint32Array, 1)).toBe(-1n);
    expect(Array.from(raw('ts').values as BigInt64Array)).toEqual([1709251199123456n, 253402300799999999n]);
    expect(Array.from(raw('t').values as BigInt64Array)).toEqual([86399999999n, 0n]);
    expect(Array.from(raw('d').values as Int32Array)).toEqual([-719162, 2932896]);
    expect(Array.from(raw('flt').values as Float64Array)).toEqual([Number.NaN, Number.NEGATIVE_INFINITY]);
    expect(Array.from(raw('big_int').values as BigInt64Array)).toEqual([9007199254740993n, -9223372036854775808n]);
    expect(batch!.getChild('txt')!.toJSON()).toEqual(['Žluťoučký "kůň"\n\t\\', '', null]);
    for (const name of ['ts', 't', 'd', 'flt', 'big_int', 'num', 'bignum'])
      expect(batch!.getChild(name)!.get(2)).toBeNull();
    expect(batch!.getChild('flag')!.toJSON()).toEqual([true, false, null]);
    expect(batch!.getChild('raw')!.get(0)).toEqual(new Uint8Array([0, 1, 254, 255]));
    expect(
      batch!
        .getChild('ints')!
        .toJSON()
        .map((l) => Array.from(l as never)),
    ).toEqual([[1n, 9007199254740993n, 3n], [], []]);
    expect(batch!.getChild('rec')!.get(2)).toBeNull();
    expect(batch!.schema.fields.every((f) => f.nullable)).toBe(true);
  });

  it('selects columns and fields of structs, in the order of the table', async () => {
    const [batch] = await readAll('d.golden', { selectedFields: ['txt', 'rec.inner.ts', 'id'] });
    expect(batch!.schema.fields.map((f) => `${f.name}: ${String(f.type)}`)).toEqual([
      'id: Int64',
      'txt: Utf8',
      'rec: Struct<{inner:Struct<{ts:Timestamp<MICROSECOND, UTC>}>}>',
    ]);
    await expect(openReadSession(client, 'd.golden', { selectedFields: ['nope'] })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });
});

function decimal256(words: Uint32Array, index: number): bigint {
  const unsigned = Array.from(words.subarray(index * 8, index * 8 + 8)).reduceRight(
    (n, word) => (n << 32n) | BigInt(word),
    0n,
  );
  return BigInt.asIntN(256, unsigned);
}

describe('streams', () => {
  it('together hold every row once, each in many messages', async () => {
    const session = await openReadSession(client, 'd.many');
    expect(session.streams).toHaveLength(3);
    const perStream = await Promise.all(session.streams!.map((s) => readStream(client, s.name!)));
    for (const answers of perStream) expect(answers.length).toBeGreaterThan(2);
    const all = numbers(recordBatches(session, perStream.flat()));
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20000 }, (_, i) => i));
    expect(Number(session.estimatedRowCount)).toBe(20000);
  });

  it('are as many as asked at most, and none for a table without rows', async () => {
    expect((await openReadSession(client, 'd.many', { streams: 1 })).streams).toHaveLength(1);
    expect((await openReadSession(client, 'd.empty')).streams).toHaveLength(0);
  });

  it.each([0, 1, 1999, 2048, 12345, 19999, 20000])('resume at row %i', async (offset) => {
    const session = await openReadSession(client, 'd.many', { streams: 1 });
    const rest = numbers(recordBatches(session, await readStream(client, session.streams![0]!.name!, offset)));
    expect([rest.length, rest[0]]).toEqual([20000 - offset, offset < 20000 ? offset : undefined]);
  });

  it('resume in the middle of a message with nested values and NULLs intact', async () => {
    const session = await openReadSession(client, 'd.golden', { streams: 1 });
    const [batch] = recordBatches(session, await readStream(client, session.streams![0]!.name!, 1));
    expect(batch!.numRows).toBe(2);
    expect(batch!.getChild('txt')!.toJSON()).toEqual(['', null]);
    expect(decimal256(batch!.getChild('bignum')!.data[0]!.values as Uint32Array, 0)).toBe(-1n);
  });

  it('are filtered by a row restriction', async () => {
    expect(numbers(await readAll('d.many', { rowRestriction: "n >= 19998 AND s <> 'row 19998'" }))).toEqual([19999]);
    await expect(openReadSession(client, 'd.many', { rowRestriction: 'nope = 1' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });

  it('show the moment of their session although rows change meanwhile', async () => {
    await double.control.table({
      project: 'lab',
      dataset: 'd',
      table: 'changing',
      schema: [{ name: 'n', type: 'INT64' }],
      rows: [{ n: 1 }],
    });
    const session = await openReadSession(client, 'd.changing');
    const before = Number((await restClient(double).dataset('d').table('changing').getMetadata())[0].lastModifiedTime);
    await double.control.replace('lab.d.changing', [{ n: 2 }]);
    expect(numbers(recordBatches(session, await readStream(client, session.streams![0]!.name!)))).toEqual([1]);
    expect(numbers(await readAll('d.changing'))).toEqual([2]);
    const snapshotTime = { seconds: Math.floor(before / 1000), nanos: (before % 1000) * 1e6 };
    expect(numbers(await readAll('d.changing', { snapshotTime }))).toEqual([1]);
  });

  it('can be split in two', async () => {
    const session = await openReadSession(client, 'd.many', { streams: 1 });
    const [split] = await client.splitReadStream({ name: session.streams![0]!.name!, fraction: 0.5 });
    const halves = await Promise.all(
      [split.primaryStream!, split.remainderStream!].map((s) => readStream(client, s.name!)),
    );
    expect(numbers(recordBatches(session, halves.flat()))).toHaveLength(20000);
  });

  it('read anonymous results of jobs', async () => {
    const [job] = await restClient(double).createQueryJob({ query: 'SELECT n FROM `lab.d.v` WHERE n < 3' });
    await job.getQueryResults({ maxResults: 0 });
    const { datasetId, tableId } = (await job.getMetadata())[0].configuration.query.destinationTable;
    expect(numbers(await readAll(`${datasetId}.${tableId}`))).toEqual([0, 1, 2]);
  });

  it('count the bytes of the columns and partitions they read', async () => {
    double.control.reset();
    await readAll('d.many', { selectedFields: ['n'], rowRestriction: "day = '2024-01-02'" });
    expect(double.control.storageReadBytes()).toBe(5000 * 16);
    expect(double.control.billedBytes()).toBe(0);
  });
});

describe('what goes wrong', () => {
  it.each([
    ['a view', 'd.v', status.INVALID_ARGUMENT, 'Only tables can be read'],
    ['a table that is not there', 'd.none', status.NOT_FOUND, 'Not found: Table lab:d.none'],
  ])('%s is refused', async (_, table, code, details) => {
    await expect(openReadSession(client, table)).rejects.toMatchObject({
      code,
      details: expect.stringContaining(details),
    });
  });

  it('refuses who may not make sessions, and who may not read from them', async () => {
    double.control.deny('bigquery.readsessions.create');
    await expect(openReadSession(client, 'd.many')).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining('readsessions.create'),
    });
    double.control.allow('bigquery.readsessions.create');
    const session = await openReadSession(client, 'd.many');
    double.control.deny('bigquery.readsessions.getData');
    await expect(readStream(client, session.streams![0]!.name!)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    });
    double.control.allow('bigquery.readsessions.getData');
  });

  it('refuses compression, which it does not have, instead of sending something else', async () => {
    const readSession = {
      table: 'projects/lab/datasets/d/tables/many',
      dataFormat: 'ARROW' as const,
      readOptions: { arrowSerializationOptions: { bufferCompression: 'ZSTD' as const } },
    };
    await expect(client.createReadSession({ parent: 'projects/lab', readSession })).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
    });
  });

  it('breaks a stream in the middle, which then resumes at its offset', async () => {
    const session = await openReadSession(client, 'd.many', { streams: 1 });
    const name = session.streams![0]!.name!;
    double.control.fault({ on: 'ReadRows', do: streamBroken(2) });
    const got: number[] = [];
    const read = async (offset: number) => {
      for await (const answer of client.readRows({ readStream: name, offset }, withoutRetries))
        got.push(...numbers(recordBatches(session, [answer])));
    };
    await expect(read(0)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(got.length).toBeGreaterThan(0);
    expect(got.length).toBeLessThan(20000);
    await read(got.length);
    expect(got).toEqual(Array.from({ length: 20000 }, (_, i) => i));
  });

  it('wedges a stream: no row, no error, until the reader gives up', async () => {
    const session = await openReadSession(client, 'd.many', { streams: 1 });
    double.control.fault({ on: 'ReadRows', do: wedgedStream(1) });
    const call = client.readRows({ readStream: session.streams![0]!.name! });
    let answers = 0;
    call.on('data', () => answers++);
    call.on('error', () => undefined);
    await expect.poll(() => answers).toBe(1);
    call.cancel();
    expect(answers).toBe(1);
  });

  it('expires sessions', async () => {
    const session = await openReadSession(client, 'd.many');
    double.control.expireSessions();
    await expect(readStream(client, session.streams![0]!.name!)).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: expect.stringContaining('session expired'),
    });
  });

  it('loses a message without a word', async () => {
    const session = await openReadSession(client, 'd.many', { streams: 1 });
    double.control.fault({ on: 'ReadRows', do: { loseMessage: 1 } });
    const some = numbers(recordBatches(session, await readStream(client, session.streams![0]!.name!)));
    expect(some.length).toBeLessThan(Number(session.estimatedRowCount));
  });

  it('can be out of quota', async () => {
    double.control.fault({ on: 'CreateReadSession', do: resourceExhausted });
    await expect(openReadSession(client, 'd.many')).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });
});
