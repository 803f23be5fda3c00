/** Arrow's messages as Apache's own library writes them, read by ours. */
import {
  Bool,
  Field,
  Int32,
  Int64,
  List,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  tableFromArrays,
  Utf8,
} from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { readSchema } from '../../../src/connectors/bigquery/arrow/arrow-type.ts';
import { readBatch } from '../../../src/connectors/bigquery/arrow/record-batch.ts';
import { AttacheError } from '../../../src/errors/attache-error.ts';

/** The schema message and the first batch of a stream, each as it stands in it. */
function messagesOf(write: (writer: RecordBatchStreamWriter) => void): { schema: Uint8Array; batch: Uint8Array } {
  const writer = new RecordBatchStreamWriter();
  write(writer);
  const stream = writer.finish().toUint8Array(true);
  const view = new DataView(stream.buffer, stream.byteOffset);
  const end = 8 + view.getInt32(4, true);
  return { schema: stream.slice(0, end), batch: stream.slice(end, stream.length - 8) };
}

const values = { n: BigInt64Array.from([1n, -2n, 3n]), x: Float64Array.from([0.5, -1, 2]) };
const { schema, batch } = messagesOf((writer) => writer.write(tableFromArrays(values)));

test('a schema and its batch are read as they were written', () => {
  const fields = readSchema(schema);
  expect(fields).toEqual([
    { name: 'n', type: { kind: 'int64' } },
    { name: 'x', type: { kind: 'double' } },
  ]);
  const { rows, columns } = readBatch(fields, batch);
  expect(rows).toBe(3);
  const [n, x] = columns.map(({ bytes }) => bytes.slice(0, 24).buffer);
  expect([...new BigInt64Array(n!)]).toEqual([...values.n]);
  expect([...new Float64Array(x!)]).toEqual([...values.x]);
});

test('names of any script and lists of structs keep their shape', () => {
  const item = new Field(
    'item',
    new Struct([new Field('Größe 🐟', new Utf8(), true), new Field('b', new Bool(), true)]),
    true,
  );
  const nested = messagesOf((writer) =>
    writer.reset(undefined, new Schema([new Field('список', new List(item), true)])),
  );
  expect(readSchema(nested.schema)).toEqual([
    {
      name: 'список',
      type: {
        kind: 'list',
        element: {
          name: 'item',
          type: {
            kind: 'struct',
            fields: [
              { name: 'Größe 🐟', type: { kind: 'text' } },
              { name: 'b', type: { kind: 'bool' } },
            ],
          },
        },
      },
    },
  ]);
});

describe('what is no whole message', () => {
  const failureOf = (work: () => unknown): unknown => {
    try {
      work();
    } catch (thrown) {
      return thrown;
    }
    return null;
  };

  test.each([
    ['schema', schema, readSchema],
    ['batch', batch, (message: Uint8Array) => readBatch(readSchema(schema), message)],
  ] as const)('is refused wherever a %s was cut off', (_what, whole, read) => {
    // The last bytes only fill up to a border.
    for (let length = 0; length < whole.length - 8; length += 1) {
      const failure = failureOf(() => read(whole.slice(0, length)));
      expect(failure, `cut at ${length} of ${whole.length}`).toBeInstanceOf(AttacheError);
      expect(failure).toMatchObject({ code: 'source_failed', retryable: true });
    }
  });

  test('is refused when a batch stands where a schema should, and the other way round', () => {
    expect(failureOf(() => readSchema(batch))).toMatchObject({ message: expect.stringContaining('another message') });
    expect(failureOf(() => readBatch([], schema))).toMatchObject({
      message: expect.stringContaining('another message'),
    });
  });
});

test('a type that BigQuery is not known to send is refused with the name of its column', () => {
  const narrow = messagesOf((writer) =>
    writer.reset(undefined, new Schema([new Field('wide', new Int64(), true), new Field('small', new Int32(), true)])),
  );
  expect(() => readSchema(narrow.schema)).toThrow(/column small/);
});
