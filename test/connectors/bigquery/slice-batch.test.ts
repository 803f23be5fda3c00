/** A batch that is cut into slices gives the rows it gives as a whole. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Bool,
  Field,
  Float64,
  Int64,
  List,
  RecordBatchStreamWriter,
  Struct,
  Table,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSchema } from '../../../src/connectors/bigquery/arrow/arrow-type.ts';
import { ParquetFile } from '../../../src/connectors/bigquery/arrow/parquet-file.ts';
import { readBatch } from '../../../src/connectors/bigquery/arrow/record-batch.ts';
import { sliceBatch } from '../../../src/connectors/bigquery/arrow/slice-batch.ts';
import { Database } from '../../../src/duckdb/database.ts';
import { literal } from '../../../src/duckdb/quote.ts';

const count = 1_003;
const every = <T>(step: number, value: (row: number) => T) =>
  Array.from({ length: count }, (_, row) => (step > 0 && row % step === 0 ? null : value(row)));
const part = new Struct([new Field('a', new Int64(), true), new Field('b', new Utf8(), true)]);
const table = new Table({
  id: vectorFromArray(every(0, BigInt), new Int64()),
  some: vectorFromArray(
    every(3, (row) => row / 7),
    new Float64(),
  ),
  flag: vectorFromArray(
    every(5, (row) => row % 2 === 0),
    new Bool(),
  ),
  name: vectorFromArray(
    every(4, (row) => 'ü'.repeat(row % 9)),
    new Utf8(),
  ),
  rec: vectorFromArray(
    every(6, (row) => ({ a: row % 2 ? null : BigInt(row), b: `b${row}` })),
    part,
  ),
  list: vectorFromArray(
    every(7, (row) => Array.from({ length: row % 4 }, (_, at) => (at === 2 ? null : `${row}-${at}`))),
    new List(new Field('item', new Utf8(), true)),
  ),
  recs: vectorFromArray(
    every(0, (row) =>
      Array.from({ length: row % 3 }, (_, at) => ({ a: BigInt(at), b: at === 1 ? null : 'x'.repeat(row % 5) })),
    ),
    new List(new Field('item', part, true)),
  ),
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slice-batch-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function messages(): [schema: Uint8Array, batch: Uint8Array] {
  const writer = new RecordBatchStreamWriter();
  writer.write(table);
  const bytes = writer.finish().toUint8Array(true);
  const end = 8 + new DataView(bytes.buffer, bytes.byteOffset).getInt32(4, true);
  return [bytes.slice(0, end), bytes.slice(end, bytes.length - 8)];
}

/** What DuckDB reads of the batch when slices have about `most` bytes. */
async function rowsOf(most: number): Promise<{ slices: number; rows: unknown[] }> {
  const [schema, message] = messages();
  const fields = readSchema(schema);
  const path = join(folder, `${most}.parquet`);
  const file = await ParquetFile.create(path, fields);
  let slices = 0;
  for (const slice of sliceBatch(readBatch(fields, message), message.length, most)) {
    await file.add(slice);
    slices += 1;
  }
  await file.finish();
  await using database = await Database.inMemory({
    memoryLimit: '200MB',
    threads: 1,
    tempDirectory: join(folder, 'spill'),
  });
  const session = await database.connect();
  return { slices, rows: await session.rows(`FROM read_parquet(${literal(path)})`) };
}

test('also where slices end inside bytes of bitmaps and between lists', async () => {
  const whole = await rowsOf(1e9);
  expect(whole).toMatchObject({ slices: 1, rows: { length: count } });
  for (const most of [1, 1_500, 20_000]) {
    const sliced = await rowsOf(most);
    expect(sliced.slices).toBeGreaterThan(2);
    expect(sliced.rows).toEqual(whole.rows);
  }
});
