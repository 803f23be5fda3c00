/** Arrow buffers from the values of a column. */
import type { DuckDBBlobValue, DuckDBDecimalValue, DuckDBListValue, DuckDBStructValue } from '@duckdb/node-api';
import { Data, type DataType } from 'apache-arrow';
import type { FieldType } from '../model/field-types.ts';
import { arrowType, bigScale } from './arrow-types.ts';

export type Values = ArrayLike<unknown>;

/** Data of the type with the given buffers and children; arrow-js takes buffers by position in its own enum. */
function data(
  type: FieldType,
  values: Values,
  buffers: { offsets?: Int32Array; bytes?: ArrayBufferView },
  children: Data[] = [],
): Data {
  const { bitmap, nulls } = validity(values);
  const parts = [buffers.offsets, buffers.bytes, nulls > 0 ? bitmap : undefined] as never;
  return new Data(arrowType(type) as DataType, 0, values.length, nulls, parts, children);
}

function validity(values: Values): { bitmap: Uint8Array; nulls: number } {
  const bitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nulls = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null) nulls++;
    else bitmap[i >> 3]! |= 1 << (i & 7);
  }
  return { bitmap, nulls };
}

export function arrowData(type: FieldType, values: Values): Data {
  switch (type.kind) {
    case 'INT64':
    case 'TIMESTAMP':
    case 'DATETIME':
    case 'TIME':
      return data(type, values, {
        bytes: filled(new BigInt64Array(values.length), values as ArrayLike<bigint | null>),
      });
    case 'DATE':
      return data(type, values, { bytes: filled(new Int32Array(values.length), values as ArrayLike<number | null>) });
    case 'FLOAT64':
      return data(type, values, { bytes: filled(new Float64Array(values.length), values as ArrayLike<number | null>) });
    case 'BOOL':
      return data(type, values, { bytes: bits(values) });
    case 'NUMERIC':
      return data(type, values, { bytes: integers(values, 2, (v) => (v as DuckDBDecimalValue).value) });
    case 'BIGNUMERIC':
      return data(type, values, { bytes: integers(values, 4, (v) => scaled(v as string, bigScale(type))) });
    case 'INTERVAL':
      return data(type, values, { bytes: intervals(values) });
    case 'STRING':
    case 'JSON':
    case 'GEOGRAPHY':
      return data(type, values, texts(values));
    case 'BYTES':
      return data(type, values, blobs(values));
    case 'ARRAY':
      return lists(type, values);
    case 'STRUCT':
      return structs(
        type,
        values,
        type.fields.map((f): [string, FieldType] => [f.name, f.type]),
      );
    case 'RANGE':
      return structs(type, values, [
        ['start', type.item],
        ['end', type.item],
      ]);
  }
}

function filled<A extends BigInt64Array | Int32Array | Float64Array>(array: A, values: ArrayLike<A[number] | null>): A {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== null) array[i] = value as A[number];
  }
  return array;
}

function bits(values: Values): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i++) if (values[i] === true) bytes[i >> 3]! |= 1 << (i & 7);
  return bytes;
}

/** Two's complement integers of so many 64-bit words, low word first. */
function integers(values: Values, words: number, read: (value: unknown) => bigint): Uint32Array {
  const array = new BigUint64Array(values.length * words);
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null) continue;
    let rest = read(values[i]);
    for (let w = 0; w < words; w++) {
      array[i * words + w] = BigInt.asUintN(64, rest);
      rest >>= 64n;
    }
  }
  return new Uint32Array(array.buffer);
}

function scaled(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0').slice(0, scale));
}

/** "Y-M D H:M:S" as months, days and nanoseconds. */
function intervals(values: Values): Int32Array {
  const bytes = new DataView(new ArrayBuffer(values.length * 16));
  for (let i = 0; i < values.length; i++) {
    const match = /^(-?)(\d+)-(\d+) (-?\d+) (-?)(\d+):(\d+):(\d+)(?:\.(\d+))?$/.exec(
      (values[i] as string | null) ?? '0-0 0 0:0:0',
    );
    if (!match) throw new Error(`not an interval: ${String(values[i])}`);
    const months = (Number(match[2]) * 12 + Number(match[3])) * (match[1] ? -1 : 1);
    const seconds = BigInt(Number(match[6]) * 3600 + Number(match[7]) * 60 + Number(match[8]));
    const nanos = (seconds * 1_000_000_000n + BigInt((match[9] ?? '').padEnd(9, '0'))) * (match[5] ? -1n : 1n);
    bytes.setInt32(i * 16, months, true);
    bytes.setInt32(i * 16 + 4, Number(match[4]), true);
    bytes.setBigInt64(i * 16 + 8, nanos, true);
  }
  return new Int32Array(bytes.buffer);
}

const encoder = new TextEncoder();

function texts(values: Values): { offsets: Int32Array; bytes: Uint8Array } {
  const offsets = new Int32Array(values.length + 1);
  let bytes = new Uint8Array(values.length * 16 + 64);
  let end = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as string | null;
    if (value !== null) {
      // A UTF-16 unit takes three bytes at most.
      if (end + value.length * 3 > bytes.length) bytes = grown(bytes, end + value.length * 3);
      end += encoder.encodeInto(value, bytes.subarray(end)).written;
    }
    offsets[i + 1] = end;
  }
  return { offsets, bytes: bytes.subarray(0, end) };
}

function blobs(values: Values): { offsets: Int32Array; bytes: Uint8Array } {
  const offsets = new Int32Array(values.length + 1);
  const parts = Array.from(values, (v) => (v === null ? new Uint8Array() : (v as DuckDBBlobValue).bytes));
  for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i]! + part.length;
  return { offsets, bytes: Buffer.concat(parts) };
}

function grown(bytes: Uint8Array<ArrayBuffer>, need: number): Uint8Array<ArrayBuffer> {
  const bigger = new Uint8Array(Math.max(need, bytes.length * 2));
  bigger.set(bytes);
  return bigger;
}

function lists(type: FieldType & { kind: 'ARRAY' }, values: Values): Data {
  const offsets = new Int32Array(values.length + 1);
  const items: unknown[] = [];
  for (let i = 0; i < values.length; i++) {
    const list = values[i] as DuckDBListValue | null;
    if (list) items.push(...list.items);
    offsets[i + 1] = items.length;
  }
  return data(type, values, { offsets }, [arrowData(type.item, items)]);
}

function structs(type: FieldType, values: Values, fields: [string, FieldType][]): Data {
  const children = fields.map(([name, fieldType]) => {
    const column = Array.from(values, (v) => (v === null ? null : ((v as DuckDBStructValue).entries[name] ?? null)));
    return arrowData(fieldType, column);
  });
  return data(type, values, {}, children);
}
