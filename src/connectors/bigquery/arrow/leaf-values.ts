/** The values of one Arrow column as the bytes of a Parquet page. Buffers are taken as they are wherever both formats agree. */
import { AttacheError } from '../../../errors/attache-error.ts';
import type { ArrowType } from './arrow-type.ts';
import { aligned, encodeLengths, takeBits, takeFixed } from './bytes.ts';
import { decimalTexts } from './printed-values.ts';
import type { ArrowColumn } from './record-batch.ts';

/** Values by position, NULLs included. */
export type LeafValues =
  | { form: 'fixed'; width: number; bytes: Uint8Array }
  | { form: 'bits'; bytes: Uint8Array }
  | { form: 'bytes'; offsets: Int32Array; bytes: Uint8Array };

/** How a column without parts is stored in Parquet; numbers are those of parquet.thrift. */
export interface LeafType {
  physical: 0 | 1 | 2 | 5 | 6 | 7;
  length?: number;
  /** `converted_type`. */
  converted?: 0 | 5 | 6 | 8 | 10;
  /** An instant, not a wall clock. */
  utc?: boolean;
  precision?: number;
  scale?: number;
}

const physical = { bool: 0, int32: 1, int64: 2, double: 5, bytes: 6, fixed: 7 } as const;
const converted = { text: 0, decimal: 5, date: 6, time: 8, timestamp: 10 } as const;

const text: LeafType = { physical: physical.bytes, converted: converted.text };

/** Decimals wider than 38 digits have no home in DuckDB’s Parquet reader: they travel as text. */
export function leafType(type: ArrowType): LeafType {
  switch (type.kind) {
    case 'int64':
      return { physical: physical.int64 };
    case 'double':
      return { physical: physical.double };
    case 'bool':
      return { physical: physical.bool };
    case 'text':
      return text;
    case 'bytes':
      return { physical: physical.bytes };
    case 'date':
      return { physical: physical.int32, converted: converted.date };
    case 'time':
      return { physical: physical.int64, converted: converted.time };
    case 'timestamp':
      return { physical: physical.int64, converted: converted.timestamp, utc: type.utc };
    case 'decimal':
      return type.bits > 128 ? text : decimalLeaf(type);
    default:
      throw new AttacheError('internal', { message: `${type.kind} has parts and is no leaf.` });
  }
}

function decimalLeaf({ precision, scale }: Extract<ArrowType, { kind: 'decimal' }>): LeafType {
  return { physical: physical.fixed, length: 16, converted: converted.decimal, precision, scale };
}

export function leafValues(data: ArrowColumn): LeafValues {
  const { type, bytes, offsets } = data;
  switch (type.kind) {
    case 'bool':
      return { form: 'bits', bytes };
    case 'text':
    case 'bytes':
      return { form: 'bytes', bytes, offsets };
    case 'decimal':
      if (type.bits > 128) return { form: 'bytes', ...decimalTexts(data, type.scale) };
      return { form: 'fixed', width: 16, bytes: bigEndian128(bytes) };
    default:
      return { form: 'fixed', width: leafType(type).physical === physical.int32 ? 4 : 8, bytes };
  }
}

/** Parquet writes decimals with the highest byte first. */
function bigEndian128(bytes: Uint8Array): Uint8Array {
  const source = aligned(bytes);
  const from = new Uint32Array(source.buffer, source.byteOffset, source.byteLength >> 2);
  const to = new Uint32Array(from.length);
  for (let at = 0; at < from.length; at += 4) {
    to[at] = swapped(from[at + 3]!);
    to[at + 1] = swapped(from[at + 2]!);
    to[at + 2] = swapped(from[at + 1]!);
    to[at + 3] = swapped(from[at]!);
  }
  return new Uint8Array(to.buffer);
}

const swapped = (x: number) => (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);

export const encodings = { plain: 0, rle: 3, deltaLength: 6 } as const;

/** The first `count` values, or those at `indexes`, as the body of a page. */
export function encodeValues(
  values: LeafValues,
  count: number,
  indexes: Int32Array | null,
): { encoding: number; buffers: Uint8Array[] } {
  switch (values.form) {
    case 'fixed': {
      const { bytes, width } = values;
      const taken = indexes === null ? bytes.subarray(0, count * width) : takeFixed(bytes, width, indexes);
      return { encoding: encodings.plain, buffers: [taken] };
    }
    case 'bits': {
      const taken = indexes === null ? values.bytes.subarray(0, Math.ceil(count / 8)) : takeBits(values.bytes, indexes);
      return { encoding: encodings.plain, buffers: [taken] };
    }
    case 'bytes':
      return encodeBytes(values, count, indexes);
  }
}

/** All lengths, then all bytes: as Arrow has them. */
function encodeBytes(
  { offsets, bytes }: Extract<LeafValues, { form: 'bytes' }>,
  count: number,
  indexes: Int32Array | null,
): { encoding: number; buffers: Uint8Array[] } {
  const chosen = indexes?.length ?? count;
  if (chosen === 0) return { encoding: encodings.plain, buffers: [] };
  const lengths = new Int32Array(chosen);
  let total = 0;
  if (indexes === null) for (let at = 0; at < count; at += 1) total += lengths[at] = offsets[at + 1]! - offsets[at]!;
  else
    for (let at = 0; at < chosen; at += 1) {
      const index = indexes[at]!;
      total += lengths[at] = offsets[index + 1]! - offsets[index]!;
    }
  const first = offsets[indexes === null ? 0 : indexes[0]!]!;
  const last = offsets[indexes === null ? count : indexes[chosen - 1]! + 1]!;
  // Positions ascend. What is left out holds no bytes almost always, and then the bytes stand together already.
  const together = total === last - first;
  const body = together ? bytes.subarray(first, last) : gathered(offsets, bytes, indexes, total);
  return { encoding: encodings.deltaLength, buffers: [encodeLengths(lengths), body] };
}

function gathered(offsets: Int32Array, bytes: Uint8Array, indexes: Int32Array | null, total: number): Uint8Array {
  const body = new Uint8Array(total);
  let at = 0;
  for (const index of indexes ?? []) {
    const value = bytes.subarray(offsets[index]!, offsets[index + 1]!);
    body.set(value, at);
    at += value.length;
  }
  return body;
}
