/** Reads and writes Thrift's compact protocol as a tree that keeps every field, known or not; Parquet footers are written in it. Source: thrift-compact-protocol.md of Apache Thrift. */

/** A value with its wire type; structs keep their fields in order. */
export type ThriftValue =
  | { type: 'boolean'; value: boolean }
  | { type: 'byte'; value: number }
  | { type: 'i16' | 'i32' | 'i64'; value: bigint }
  | { type: 'double' | 'binary' | 'uuid'; value: Buffer }
  | { type: 'list' | 'set'; element: number; values: ThriftValue[] }
  | { type: 'map'; key: number; element: number; entries: [ThriftValue, ThriftValue][] }
  | ThriftStruct;

export interface ThriftStruct {
  type: 'struct';
  fields: Map<number, ThriftValue>;
}

const codes = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
  uuid: 13,
} as const;

/** Type code of struct elements in a list. */
export const structElement = codes.struct;

export function readStruct(buffer: Buffer): ThriftStruct {
  return new Reader(buffer).struct();
}

export function writeStruct(struct: ThriftStruct): Buffer {
  const writer = new Writer();
  writer.struct(struct);
  return writer.finish();
}

class Reader {
  private readonly buffer: Buffer;
  private position = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  struct(): ThriftStruct {
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (;;) {
      const head = this.byte();
      if (head === 0) return { type: 'struct', fields };
      const delta = head >> 4;
      id = delta === 0 ? Number(this.zigzag()) : id + delta;
      const code = head & 0x0f;
      fields.set(
        id,
        code === codes.true || code === codes.false
          ? { type: 'boolean', value: code === codes.true }
          : this.value(code),
      );
    }
  }

  private value(code: number): ThriftValue {
    switch (code) {
      case codes.true:
      case codes.false:
        return { type: 'boolean', value: this.byte() === codes.true };
      case codes.byte:
        return { type: 'byte', value: this.byte() };
      case codes.i16:
        return { type: 'i16', value: this.zigzag() };
      case codes.i32:
        return { type: 'i32', value: this.zigzag() };
      case codes.i64:
        return { type: 'i64', value: this.zigzag() };
      case codes.double:
        return { type: 'double', value: this.bytes(8) };
      case codes.uuid:
        return { type: 'uuid', value: this.bytes(16) };
      case codes.binary:
        return { type: 'binary', value: this.bytes(Number(this.varint())) };
      case codes.list:
      case codes.set:
        return this.list(code === codes.list ? 'list' : 'set');
      case codes.map:
        return this.map();
      case codes.struct:
        return this.struct();
      default:
        throw new RangeError(`unknown Thrift type ${code}`);
    }
  }

  private list(type: 'list' | 'set'): ThriftValue {
    const head = this.byte();
    const size = head >> 4 === 15 ? Number(this.varint()) : head >> 4;
    const element = head & 0x0f;
    return { type, element, values: Array.from({ length: size }, () => this.value(element)) };
  }

  private map(): ThriftValue {
    const size = Number(this.varint());
    const types = size === 0 ? 0 : this.byte();
    const [key, element] = [types >> 4, types & 0x0f];
    return {
      type: 'map',
      key,
      element,
      entries: Array.from({ length: size }, () => [this.value(key), this.value(element)] as [ThriftValue, ThriftValue]),
    };
  }

  private byte(): number {
    const value = this.buffer[this.position];
    if (value === undefined) throw new RangeError('the Thrift data ends too early');
    this.position += 1;
    return value;
  }

  private bytes(length: number): Buffer {
    if (this.position + length > this.buffer.length) throw new RangeError('the Thrift data ends too early');
    this.position += length;
    return this.buffer.subarray(this.position - length, this.position);
  }

  private varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  private zigzag(): bigint {
    const value = this.varint();
    return (value >> 1n) ^ -(value & 1n);
  }
}

class Writer {
  private readonly chunks: Buffer[] = [];

  struct({ fields }: ThriftStruct): void {
    let last = 0;
    for (const [id, value] of [...fields].sort(([a], [b]) => a - b)) {
      const code = value.type === 'boolean' ? (value.value ? codes.true : codes.false) : codes[value.type];
      const delta = id - last;
      if (delta > 0 && delta <= 15) this.byte((delta << 4) | code);
      else {
        this.byte(code);
        this.zigzag(BigInt(id));
      }
      last = id;
      if (value.type !== 'boolean') this.value(value);
    }
    this.byte(0);
  }

  finish(): Buffer {
    return Buffer.concat(this.chunks);
  }

  private value(value: ThriftValue): void {
    switch (value.type) {
      case 'boolean':
        this.byte(value.value ? codes.true : codes.false);
        return;
      case 'byte':
        this.byte(value.value);
        return;
      case 'i16':
      case 'i32':
      case 'i64':
        this.zigzag(value.value);
        return;
      case 'double':
      case 'uuid':
        this.chunks.push(value.value);
        return;
      case 'binary':
        this.varint(BigInt(value.value.length));
        this.chunks.push(value.value);
        return;
      case 'list':
      case 'set':
        this.list(value.element, value.values);
        return;
      case 'map':
        this.map(value);
        return;
      case 'struct':
        this.struct(value);
        return;
    }
  }

  private list(element: number, values: ThriftValue[]): void {
    if (values.length < 15) this.byte((values.length << 4) | element);
    else {
      this.byte(0xf0 | element);
      this.varint(BigInt(values.length));
    }
    for (const value of values) this.value(value);
  }

  private map(map: ThriftValue & { type: 'map' }): void {
    this.varint(BigInt(map.entries.length));
    if (map.entries.length > 0) this.byte((map.key << 4) | map.element);
    for (const [key, value] of map.entries) {
      this.value(key);
      this.value(value);
    }
  }

  private byte(value: number): void {
    this.chunks.push(Buffer.of(value));
  }

  private varint(value: bigint): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.chunks.push(Buffer.from(bytes));
  }

  private zigzag(value: bigint): void {
    this.varint((value << 1n) ^ (value >> 63n));
  }
}
