/** Arrow IPC as BigQuery sends it: the schema as one message, each record batch as a bare message without schema or end. */
import type { DuckDBDataChunk } from '@duckdb/node-api';
import { Data, RecordBatch, RecordBatchReader, RecordBatchStreamWriter, type Schema, Struct } from 'apache-arrow';
import type { Field } from '../model/field-types.ts';
import { arrowData } from './arrow-data.ts';
import { fixedWidthData } from './vector-buffers.ts';

const endOfStream = 8;

export function schemaMessage(schema: Schema): Uint8Array {
  const stream = written(schema);
  return stream.slice(0, schemaLength(stream));
}

export function batchMessage(schema: Schema, fields: Field[], chunks: DuckDBDataChunk[], rows: number): Uint8Array {
  const children = fields.map((f, i) => {
    const vectors = chunks.map((c) => c.getColumnVector(i));
    return (
      fixedWidthData(f.type, vectors, rows) ??
      arrowData(
        f.type,
        chunks.flatMap((c) => c.getColumnValues(i)),
      )
    );
  });
  const data = new Data(new Struct(schema.fields), 0, rows, 0, [] as never, children);
  return bare(written(schema, new RecordBatch(schema, data)));
}

/** The rest of a batch, for readers that resume in its middle. */
export function batchFrom(schema: Uint8Array, batch: Uint8Array, row: number): Uint8Array {
  const [whole] = [...RecordBatchReader.from(Buffer.concat([schema, batch]))];
  const rest = (whole as RecordBatch).slice(row);
  return bare(written(rest.schema, rest));
}

function written(schema: Schema, batch?: RecordBatch): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  if (batch) writer.write(batch);
  writer.finish();
  return writer.toUint8Array(true);
}

function bare(stream: Uint8Array): Uint8Array {
  return stream.slice(schemaLength(stream), stream.length - endOfStream);
}

/** Continuation mark, length of the metadata, metadata; a schema has no body. */
function schemaLength(stream: Uint8Array): number {
  return 8 + new DataView(stream.buffer, stream.byteOffset).getInt32(4, true);
}
