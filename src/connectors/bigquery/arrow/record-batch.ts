/** Record batches as BigQuery sends them, bare messages of Arrow's IPC format, as columns over the message's own bytes. Source: Columnar.rst of apache/arrow. Pure. */
import { type DataType, type Field, Message, type MessageHeader, Type } from 'apache-arrow';
import { AttacheError } from '../../../errors/attache-error.ts';
import { aligned } from './bytes.ts';

/** One column of a batch. Its buffers are views: they hold as long as the message does. */
export interface ArrowColumn {
  type: DataType;
  length: number;
  nullCount: number;
  /** A bit for each value, set where there is one; empty when nothing is NULL. */
  nullBitmap: Uint8Array;
  /** Of texts, bytes and lists; empty for all others. */
  offsets: Int32Array;
  /** The values, or the bytes that `offsets` cut. */
  bytes: Uint8Array;
  children: ArrowColumn[];
}

export interface ArrowBatch {
  rows: number;
  columns: ArrowColumn[];
}

const continuation = 0xffffffff;

type Header = ReturnType<Message<MessageHeader.RecordBatch>['header']>;

/** The columns are those of the session's schema. */
export function readBatch(fields: readonly Field[], message: Uint8Array): ArrowBatch {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (message.length < 8 || view.getUint32(0, true) !== continuation) throw broken('it does not begin as one');
  const metadataLength = view.getInt32(4, true);
  if (metadataLength > message.length - 8) throw broken('it was cut off');
  const { header, body } = decode(message, 8 + metadataLength);
  if (header.compression !== null) throw broken('it is compressed, which nobody asked for');
  const reader = new BufferReader(header, body);
  return { rows: header.length, columns: fields.map((field) => readColumn(field.type, reader)) };
}

function decode(message: Uint8Array, bodyStart: number): { header: Header; body: Uint8Array } {
  const decoded = Message.decode(message.subarray(8, bodyStart));
  if (!decoded.isRecordBatch()) throw broken('it is another message');
  return { header: decoded.header(), body: message.subarray(bodyStart) };
}

/** Takes a batch's nodes and buffers in their order, which is that of the schema, depth first. */
class BufferReader {
  private readonly header: Header;
  private readonly body: Uint8Array;
  private nodes = 0;
  private buffers = 0;

  constructor(header: Header, body: Uint8Array) {
    this.header = header;
    this.body = body;
  }

  node(): { length: number; nullCount: number } {
    const node = this.header.nodes[this.nodes++];
    if (node === undefined) throw broken('it has fewer columns than the schema');
    return node;
  }

  buffer(least: number): Uint8Array {
    const region = this.header.buffers[this.buffers++];
    if (region === undefined || region.length < least || region.offset + region.length > this.body.length)
      throw broken('it was cut off');
    return this.body.subarray(region.offset, region.offset + region.length);
  }
}

const none = new Int32Array(1);
const noBytes = new Uint8Array(0);

function readColumn(type: DataType, reader: BufferReader): ArrowColumn {
  const { length, nullCount } = reader.node();
  const nullBitmap = reader.buffer(nullCount > 0 ? Math.ceil(length / 8) : 0);
  const column = { type, length, nullCount, nullBitmap, offsets: none, bytes: noBytes, children: [] };
  switch (type.typeId) {
    case Type.Struct:
      return { ...column, children: type.children.map((child) => readColumn(child.type, reader)) };
    case Type.List: {
      const offsets = readOffsets(length, reader);
      return { ...column, offsets, children: [readColumn(type.children[0]!.type, reader)] };
    }
    case Type.Utf8:
    case Type.Binary: {
      const offsets = readOffsets(length, reader);
      return { ...column, offsets, bytes: reader.buffer(offsets[length]!) };
    }
    default:
      return { ...column, bytes: reader.buffer(Math.ceil((length * bitsOf(type)) / 8)) };
  }
}

/** A column without values may come without offsets. */
function readOffsets(length: number, reader: BufferReader): Int32Array {
  if (length === 0) {
    reader.buffer(0);
    return none;
  }
  const bytes = aligned(reader.buffer((length + 1) * 4).subarray(0, (length + 1) * 4));
  return new Int32Array(bytes.buffer, bytes.byteOffset, length + 1);
}

/** Bits of a value of fixed width. */
function bitsOf(type: DataType): number {
  switch (type.typeId) {
    case Type.Bool:
      return 1;
    case Type.Date:
      return 32;
    case Type.Decimal:
      return (type as DataType & { bitWidth: number }).bitWidth;
    default:
      return 64;
  }
}

function broken(how: string): AttacheError {
  return new AttacheError('source_failed', {
    message: `BigQuery sent a batch of rows that cannot be read: ${how}.`,
    hint: 'The table keeps its data. Sync it again.',
    retryable: true,
  });
}
