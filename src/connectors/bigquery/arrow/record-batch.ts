/** Record batches as BigQuery sends them, bare messages of Arrow's IPC format, as columns over the message's own bytes. Source: Columnar.rst of apache/arrow. Pure. */
import type { ArrowField, ArrowType } from './arrow-type.ts';
import { aligned } from './bytes.ts';
import { broken, readMessage } from './message.ts';

/** One column of a batch. Its buffers are views: they hold as long as the message does. */
export interface ArrowColumn {
  type: ArrowType;
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

const batchKind = 3;
const batchFields = { length: 0, nodes: 1, buffers: 2, compression: 3 } as const;

/** The columns are those of the session's schema. */
export function readBatch(fields: readonly ArrowField[], message: Uint8Array): ArrowBatch {
  return readMessage(message, batchKind, (batch, body) => {
    if (batch.table(batchFields.compression) !== null) throw broken('it is compressed, which nobody asked for');
    const reader = new BufferReader(batch.pairs(batchFields.nodes), batch.pairs(batchFields.buffers), body);
    return { rows: batch.long(batchFields.length, 0), columns: fields.map(({ type }) => readColumn(type, reader)) };
  });
}

/** Takes a batch's nodes and buffers in their order, which is that of the schema, depth first. */
class BufferReader {
  private readonly nodes: [length: number, nullCount: number][];
  private readonly buffers: [offset: number, length: number][];
  private readonly body: Uint8Array;
  private nodesRead = 0;
  private buffersRead = 0;

  constructor(nodes: [number, number][], buffers: [number, number][], body: Uint8Array) {
    this.nodes = nodes;
    this.buffers = buffers;
    this.body = body;
  }

  node(): [length: number, nullCount: number] {
    const node = this.nodes[this.nodesRead++];
    if (node === undefined) throw broken('it has fewer columns than the schema');
    return node;
  }

  buffer(least: number): Uint8Array {
    const [offset, length] = this.buffers[this.buffersRead++] ?? [0, -1];
    if (length < least || offset + length > this.body.length) throw broken('it was cut off');
    return this.body.subarray(offset, offset + length);
  }
}

const none = new Int32Array(1);
const noBytes = new Uint8Array(0);

function readColumn(type: ArrowType, reader: BufferReader): ArrowColumn {
  const [length, nullCount] = reader.node();
  const nullBitmap = reader.buffer(nullCount > 0 ? Math.ceil(length / 8) : 0);
  const column = { type, length, nullCount, nullBitmap, offsets: none, bytes: noBytes, children: [] };
  switch (type.kind) {
    case 'struct':
      return { ...column, children: type.fields.map((child) => readColumn(child.type, reader)) };
    case 'list': {
      const offsets = readOffsets(length, reader);
      return { ...column, offsets, children: [readColumn(type.element.type, reader)] };
    }
    case 'text':
    case 'bytes': {
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
export function bitsOf(type: ArrowType): number {
  switch (type.kind) {
    case 'bool':
      return 1;
    case 'date':
      return 32;
    case 'decimal':
      return type.bits;
    default:
      return 64;
  }
}
