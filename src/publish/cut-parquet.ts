/**
 * Cuts one Parquet file into several at row-group borders without decoding a value: row groups are copied as they are, footers are written anew.
 * DuckDB's own splitting puts borders elsewhere in every run; one file in kept or sorted order has the same bytes every time, and so have its cuts.
 * Format: parquet.thrift of Apache Parquet (field numbers below).
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { AttacheError } from '../errors/attache-error.ts';
import {
  readStruct,
  structElement,
  type ThriftStruct,
  type ThriftValue,
  writeStruct,
} from '../files/thrift-compact.ts';

const magic = Buffer.from('PAR1');
/** Small enough to stay in the processor's cache between reading, hashing and writing. */
const copyBytes = 1024 * 1024;

const fileField = { numRows: 3, rowGroups: 4, keyValues: 5 } as const;
const groupField = { columns: 1, numRows: 3, fileOffset: 5, ordinal: 7 } as const;
const chunkField = {
  fileOffset: 2,
  metaData: 3,
  offsetIndex: 4,
  offsetIndexLength: 5,
  columnIndex: 6,
  columnIndexLength: 7,
} as const;
const metaField = {
  compressedSize: 7,
  dataPage: 9,
  indexPage: 10,
  dictionaryPage: 11,
  bloomFilter: 14,
  bloomFilterLength: 15,
} as const;

/** One file cut from another. */
export interface Cut {
  path: string;
  rows: number;
  /** Of the file's content. */
  sha256: string;
  /** Holds the last rows, asked for with `tailRows`. */
  tail: boolean;
}

/**
 * Cuts `path` into files `path.0`, `path.1`, … of `partRows` rows each, the last one shorter; row groups must divide `partRows`. The original stays.
 * Each is yielded as soon as it stands, so that it can be sealed while the next is cut. With `tailRows` the last row groups that hold at least so many rows become a file of their own.
 */
export async function* cutParquet(path: string, partRows: number, tailRows = 0): AsyncGenerator<Cut> {
  const source = await open(path, 'r');
  try {
    const footer = await readFooter(source, path);
    const groups = structs(footer.fields.get(fileField.rowGroups));
    const tail = lastGroups(groups, tailRows);
    const body = batches(groups.slice(0, groups.length - tail.length), partRows);
    for (const [index, batch] of (tail.length === 0 ? body : [...body, tail]).entries()) {
      const target = `${path}.${index}`;
      yield { path: target, tail: batch === tail, ...(await writePart(source, target, footer, batch, index)) };
    }
  } finally {
    await source.close();
  }
}

async function readFooter(file: FileHandle, path: string): Promise<ThriftStruct> {
  const { size } = await file.stat();
  const tail = await readAt(file, size - 8, 8);
  const length = tail.readUInt32LE(0);
  if (!tail.subarray(4).equals(magic) || length > size - 12)
    throw new AttacheError('integrity', { message: `${path} is not a complete Parquet file.`, retryable: true });
  return readStruct(await readAt(file, size - 8 - length, length));
}

/** The row groups at the end that together hold at least `rows` rows, never all of them. */
function lastGroups(groups: ThriftStruct[], rows: number): ThriftStruct[] {
  let count = 0;
  for (let held = 0; held < rows && count < groups.length - 1; count += 1) {
    held += Number(integer(groups[groups.length - 1 - count]!, groupField.numRows) ?? 0n);
  }
  return count === 0 ? [] : groups.slice(-count);
}

/** Consecutive row groups, as many as `partRows` rows hold. */
function batches(groups: ThriftStruct[], partRows: number): ThriftStruct[][] {
  const result: ThriftStruct[][] = [];
  let rows = 0;
  for (const group of groups) {
    const more = Number(integer(group, groupField.numRows) ?? 0n);
    if (result.length === 0 || rows + more > partRows) {
      result.push([]);
      rows = 0;
    }
    result.at(-1)!.push(group);
    rows += more;
  }
  return result;
}

async function writePart(
  source: FileHandle,
  path: string,
  footer: ThriftStruct,
  groups: ThriftStruct[],
  index: number,
): Promise<{ rows: number; sha256: string }> {
  const target = await HashedFile.create(path);
  try {
    await target.append(magic);
    const moved: ThriftStruct[] = [];
    const ranges: Range[] = [];
    let position = target.position;
    for (const [ordinal, group] of groups.entries()) {
      const range = extent(group);
      moved.push(shiftGroup(group, position - range.start, ordinal));
      position += range.end - range.start;
      ranges.push(range);
    }
    for (const range of joined(ranges)) await copyRange(source, range, target);
    for (const group of moved) await copyBloomFilters(source, group, target);
    const rows = groups.reduce((sum, group) => sum + (integer(group, groupField.numRows) ?? 0n), 0n);
    const fields = new Map(footer.fields);
    fields.set(fileField.numRows, { type: 'i64', value: rows });
    fields.set(fileField.rowGroups, { type: 'list', element: structElement, values: moved });
    fields.set(fileField.keyValues, withKeyValue(fields.get(fileField.keyValues), 'da_part', String(index)));
    const encoded = writeStruct({ type: 'struct', fields });
    const length = Buffer.alloc(4);
    length.writeUInt32LE(encoded.length);
    await target.append(Buffer.concat([encoded, length, magic]));
    return { rows: Number(rows), sha256: target.digest() };
  } finally {
    await target.close();
  }
}

/** A new file that is written from front to back and hashed on the way, so that its bytes are not read again for their name. */
class HashedFile {
  position = 0;
  private readonly file: FileHandle;
  private readonly hash = createHash('sha256');

  private constructor(file: FileHandle) {
    this.file = file;
  }

  static async create(path: string): Promise<HashedFile> {
    return new HashedFile(await open(path, 'wx'));
  }

  async append(bytes: Buffer): Promise<void> {
    const writing = this.file.write(bytes, 0, bytes.length, this.position);
    this.hash.update(bytes);
    this.position += bytes.length;
    await writing;
  }

  digest(): string {
    return this.hash.digest('hex');
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** First and one past the last byte. */
interface Range {
  start: number;
  end: number;
}

/** The same bytes in as few ranges as possible. */
function joined(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last?.end === range.start) last.end = range.end;
    else result.push({ ...range });
  }
  return result;
}

/** Where a row group's pages lie. */
function extent(group: ThriftStruct): Range {
  let start = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const chunk of structs(group.fields.get(groupField.columns))) {
    const meta = metaOf(chunk);
    const data = Number(integer(meta, metaField.dataPage));
    const dictionary = Number(integer(meta, metaField.dictionaryPage) ?? 0n);
    const first = dictionary > 0 && dictionary < data ? dictionary : data;
    start = Math.min(start, first);
    end = Math.max(end, first + Number(integer(meta, metaField.compressedSize)));
  }
  return { start, end };
}

function shiftGroup(group: ThriftStruct, by: number, ordinal: number): ThriftStruct {
  const fields = new Map(group.fields);
  const columns = fields.get(groupField.columns) as ThriftValue & { type: 'list' };
  fields.set(groupField.columns, {
    ...columns,
    values: (columns.values as ThriftStruct[]).map((chunk) => shiftChunk(chunk, by)),
  });
  shift(fields, groupField.fileOffset, by);
  if (fields.has(groupField.ordinal)) fields.set(groupField.ordinal, { type: 'i16', value: BigInt(ordinal) });
  return { type: 'struct', fields };
}

function shiftChunk(chunk: ThriftStruct, by: number): ThriftStruct {
  const fields = new Map(chunk.fields);
  const meta = new Map(metaOf(chunk).fields);
  for (const field of [metaField.dataPage, metaField.indexPage, metaField.dictionaryPage]) shift(meta, field, by);
  shift(fields, chunkField.fileOffset, by);
  // Page indexes lie outside the row groups; readers do without them.
  for (const field of [
    chunkField.offsetIndex,
    chunkField.offsetIndexLength,
    chunkField.columnIndex,
    chunkField.columnIndexLength,
  ])
    fields.delete(field);
  fields.set(chunkField.metaData, { type: 'struct', fields: meta });
  return { type: 'struct', fields };
}

/** Offsets of 0 mean "none" and stay. */
function shift(fields: Map<number, ThriftValue>, field: number, by: number): void {
  const value = fields.get(field);
  if (value?.type === 'i64' && value.value > 0n) fields.set(field, { type: 'i64', value: value.value + BigInt(by) });
}

/** Bloom filters lie behind the row groups; each is copied behind the new ones. One of unknown length is left out, which costs speed and no answer. */
async function copyBloomFilters(source: FileHandle, group: ThriftStruct, target: HashedFile): Promise<void> {
  for (const chunk of structs(group.fields.get(groupField.columns))) {
    const meta = metaOf(chunk).fields;
    const offset = integer(metaOf(chunk), metaField.bloomFilter);
    const length = integer(metaOf(chunk), metaField.bloomFilterLength);
    if (offset === null) continue;
    if (length === null) {
      meta.delete(metaField.bloomFilter);
      continue;
    }
    meta.set(metaField.bloomFilter, { type: 'i64', value: BigInt(target.position) });
    await copyRange(source, { start: Number(offset), end: Number(offset) + Number(length) }, target);
  }
}

/** While a piece is hashed and written, the next one is read. */
async function copyRange(source: FileHandle, { start, end }: Range, target: HashedFile): Promise<void> {
  const buffers = [0, 1].map(() => Buffer.allocUnsafe(Math.min(copyBytes, end - start)));
  const read = async (position: number, buffer: Buffer): Promise<Buffer> => {
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, end - position), position);
    return buffer.subarray(0, bytesRead);
  };
  let position = start;
  let next = read(position, buffers[0]!);
  for (let turn = 1; position < end; turn += 1) {
    const bytes = await next;
    if (bytes.length === 0)
      throw new AttacheError('integrity', { message: 'A Parquet file ended inside a row group.', retryable: true });
    position += bytes.length;
    if (position < end) {
      next = read(position, buffers[turn % 2]!);
      // A write that fails first leaves it unheard.
      next.catch(() => {});
    }
    await target.append(bytes);
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, length));
  await file.read(buffer, 0, buffer.length, Math.max(0, position));
  return buffer;
}

function withKeyValue(list: ThriftValue | undefined, key: string, value: string): ThriftValue {
  const pair: ThriftStruct = {
    type: 'struct',
    fields: new Map([
      [1, text(key)],
      [2, text(value)],
    ]),
  };
  return { type: 'list', element: structElement, values: [...structs(list), pair] };
}

function text(value: string): ThriftValue {
  return { type: 'binary', value: Buffer.from(value) };
}

function structs(value: ThriftValue | undefined): ThriftStruct[] {
  return value?.type === 'list' ? (value.values as ThriftStruct[]) : [];
}

function metaOf(chunk: ThriftStruct): ThriftStruct {
  const meta = chunk.fields.get(chunkField.metaData);
  if (meta?.type !== 'struct')
    throw new AttacheError('integrity', { message: 'A Parquet column chunk has no metadata.' });
  return meta;
}

function integer(struct: ThriftStruct, field: number): bigint | null {
  const value = struct.fields.get(field);
  return value?.type === 'i64' || value?.type === 'i32' || value?.type === 'i16' ? value.value : null;
}
