/** The words around Parquet’s pages: page headers and the footer, as parquet.thrift has them. Pure. */
import { structElement, type ThriftStruct, type ThriftValue, writeStruct } from '../../../files/thrift-compact.ts';
import type { ArrowField, ArrowType } from './arrow-type.ts';
import { zigzag } from './bytes.ts';
import { encodings, leafType } from './leaf-values.ts';

const i32 = (value: number): ThriftValue => ({ type: 'i32', value: BigInt(value) });
const i64 = (value: number): ThriftValue => ({ type: 'i64', value: BigInt(value) });
const text = (value: string): ThriftValue => ({ type: 'binary', value: Buffer.from(value) });
const struct = (fields: [number, ThriftValue][]): ThriftStruct => ({ type: 'struct', fields: new Map(fields) });
const structs = (values: ThriftStruct[]): ThriftValue => ({ type: 'list', element: structElement, values });
const i32Element = 5;
const binaryElement = 8;

/** A leaf of the schema: where it stands, and how it is stored. */
export interface Leaf {
  path: string[];
  physical: number;
}

/** One column’s pages in a row group. */
export interface Chunk {
  leaf: Leaf;
  entries: number;
  offset: number;
  bytes: number;
  encodings: number[];
}

export interface RowGroup {
  rows: number;
  chunks: Chunk[];
}

/** The header of a data page of `bytes` bytes: the one structure of which there are many, so it is written without a tree. */
export function pageHeader(bytes: number, entries: number, encoding: number): Buffer {
  const nextNumber = 0x15;
  const structTwoOn = 0x2c;
  const numbers = (...values: number[]) => values.flatMap((value) => [nextNumber, ...zigzag(value)]);
  const data = [...numbers(entries, encoding, encodings.rle, encodings.rle), 0];
  return Buffer.from([...numbers(0, bytes, bytes), structTwoOn, ...data, 0]);
}

export function footer(fields: readonly ArrowField[], rowGroups: readonly RowGroup[]): Buffer {
  const root = struct([
    [4, text('root')],
    [5, i32(fields.length)],
  ]);
  const rows = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  return writeStruct(
    struct([
      [1, i32(1)],
      [2, structs([root, ...fields.flatMap((field, index) => elements(`c${index}`, field.type))])],
      [3, i64(rows)],
      [4, structs(rowGroups.map(rowGroup))],
    ]),
  );
}

const repetition = { optional: 1, repeated: 2 } as const;
const listType = 3;

/** A column and what stands below it, depth first. */
function elements(name: string, type: ArrowType): ThriftStruct[] {
  if (type.kind === 'struct') {
    const group = struct([
      [3, i32(repetition.optional)],
      [4, text(name)],
      [5, i32(type.fields.length)],
    ]);
    return [group, ...type.fields.flatMap((child) => elements(child.name, child.type))];
  }
  if (type.kind === 'list') {
    const outer = struct([
      [3, i32(repetition.optional)],
      [4, text(name)],
      [5, i32(1)],
      [6, i32(listType)],
    ]);
    const middle = struct([
      [3, i32(repetition.repeated)],
      [4, text('list')],
      [5, i32(1)],
    ]);
    return [outer, middle, ...elements('element', type.element.type)];
  }
  return [leafElement(name, type)];
}

function leafElement(name: string, type: ArrowType): ThriftStruct {
  const { physical, length, converted, precision, scale, utc } = leafType(type);
  return struct([
    [1, i32(physical)],
    ...(length === undefined ? [] : [[2, i32(length)] as [number, ThriftValue]]),
    [3, i32(repetition.optional)],
    [4, text(name)],
    ...(converted === undefined ? [] : [[6, i32(converted)] as [number, ThriftValue]]),
    ...(scale === undefined ? [] : [[7, i32(scale)] as [number, ThriftValue]]),
    ...(precision === undefined ? [] : [[8, i32(precision)] as [number, ThriftValue]]),
    ...(utc === undefined ? [] : [[10, timestampType(utc)] as [number, ThriftValue]]),
  ]);
}

/** LogicalType.TIMESTAMP in microseconds. */
function timestampType(utc: boolean): ThriftStruct {
  const microseconds = struct([[2, struct([])]]);
  const timestamp = struct([
    [1, { type: 'boolean', value: utc }],
    [2, microseconds],
  ]);
  return struct([[8, timestamp]]);
}

/** The leaves of the columns, in the order in which `shred` gives them. */
export function leavesOf(fields: readonly ArrowField[]): Leaf[] {
  return fields.flatMap((field, index) => below([`c${index}`], field.type));
}

function below(path: string[], type: ArrowType): Leaf[] {
  if (type.kind === 'struct') return type.fields.flatMap((child) => below([...path, child.name], child.type));
  if (type.kind === 'list') return below([...path, 'list', 'element'], type.element.type);
  return [{ path, physical: leafType(type).physical }];
}

function rowGroup({ rows, chunks }: RowGroup): ThriftStruct {
  return struct([
    [1, structs(chunks.map(columnChunk))],
    [2, i64(chunks.reduce((sum, chunk) => sum + chunk.bytes, 0))],
    [3, i64(rows)],
  ]);
}

function columnChunk({ leaf, entries, offset, bytes, encodings: used }: Chunk): ThriftStruct {
  const uncompressed = 0;
  const metadata = struct([
    [1, i32(leaf.physical)],
    [2, { type: 'list', element: i32Element, values: used.map(i32) }],
    [3, { type: 'list', element: binaryElement, values: leaf.path.map(text) }],
    [4, i32(uncompressed)],
    [5, i64(entries)],
    [6, i64(bytes)],
    [7, i64(bytes)],
    [9, i64(offset)],
  ]);
  return struct([
    [2, i64(offset)],
    [3, metadata],
  ]);
}
