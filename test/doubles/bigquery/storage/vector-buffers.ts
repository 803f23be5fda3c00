/**
 * Columns of fixed width, copied from DuckDB's vectors to Arrow's buffers without a walk over values: both lay them out alike.
 * The driver keeps the memory of a vector private; its exact version is pinned, and a vector without it takes the slow way.
 */
import type { DuckDBVector } from '@duckdb/node-api';
import { Data } from 'apache-arrow';
import type { FieldType } from '../model/field-types.ts';
import { arrowType } from './arrow-types.ts';

interface RawVector {
  itemCount: number;
  items?: ArrayBufferView;
  dataView?: ArrayBufferView;
  validity?: { data: BigUint64Array | null };
}

/** Bytes of one value, for the types that are the same in both. */
const widths: Partial<Record<FieldType['kind'], number>> = {
  INT64: 8,
  FLOAT64: 8,
  TIMESTAMP: 8,
  DATETIME: 8,
  TIME: 8,
  DATE: 4,
};

export function fixedWidthData(type: FieldType, vectors: DuckDBVector[], rows: number): Data | undefined {
  const width = type.kind === 'NUMERIC' && type.precision === undefined ? 16 : widths[type.kind];
  const raw = vectors as unknown as RawVector[];
  if (width === undefined || raw.some((v) => !(v.items ?? v.dataView) || v.validity === undefined)) return undefined;
  const bytes = new Uint8Array(rows * width);
  let at = 0;
  for (const vector of raw) {
    const { buffer, byteOffset } = (vector.items ?? vector.dataView)!;
    bytes.set(new Uint8Array(buffer, byteOffset, vector.itemCount * width), at);
    at += vector.itemCount * width;
  }
  const { bitmap, nulls } = validity(raw, rows);
  return new Data(arrowType(type), 0, rows, nulls, [
    undefined,
    typed(bytes, type),
    nulls > 0 ? bitmap : undefined,
  ] as never);
}

function typed(bytes: Uint8Array<ArrayBuffer>, type: FieldType): ArrayBufferView {
  if (type.kind === 'FLOAT64') return new Float64Array(bytes.buffer);
  if (type.kind === 'DATE') return new Int32Array(bytes.buffer);
  return type.kind === 'NUMERIC' ? new Uint32Array(bytes.buffer) : new BigInt64Array(bytes.buffer);
}

/** Both keep one bit for each value, set when it is there; chunks of odd length shift the bits of those after them. */
function validity(vectors: RawVector[], rows: number): { bitmap: Uint8Array; nulls: number } {
  const bitmap = new Uint8Array(Math.ceil(rows / 8));
  if (vectors.every((v) => !v.validity!.data)) return { bitmap, nulls: 0 };
  let nulls = 0;
  let row = 0;
  for (const { itemCount, validity } of vectors) {
    const { data } = validity!;
    const bits = data ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : undefined;
    for (let i = 0; i < itemCount; i++, row++) {
      if (!bits || bits[i >> 3]! & (1 << (i & 7))) bitmap[row >> 3]! |= 1 << (row & 7);
      else nulls++;
    }
  }
  return { bitmap, nulls };
}
