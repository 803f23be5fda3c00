/** Small pieces of Parquet's encodings. Source: Encodings.md of apache/parquet-format. Pure. */

/** Unsigned LEB128. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

/** Signed numbers as unsigned ones. */
export const zigzag = (value: number) => varint(value < 0 ? -2 * value - 1 : 2 * value);

/** Bits that hold every number up to `most`. */
const widthOf = (most: number) => 32 - Math.clz32(most);

/** Levels in the RLE and bit-packing hybrid, with the length in front that data pages want; one number for all when they are the same. */
export function encodeLevels(levels: Uint8Array | { all: number; count: number }, most: number): Uint8Array[] {
  return withLength(levels instanceof Uint8Array ? packed(levels, widthOf(most)) : [run(levels.count, levels.all)]);
}

/** Levels of 0 and 1 that are a bitmap already. */
export function encodeBitmap(bitmap: Uint8Array, count: number): Uint8Array[] {
  const groups = Math.ceil(count / 8);
  return withLength([Uint8Array.from(varint(groups * 2 + 1)), bitmap.subarray(0, groups)]);
}

function withLength(body: Uint8Array[]): Uint8Array[] {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(lengthOf(body));
  return [length, ...body];
}

export function lengthOf(buffers: readonly Uint8Array[]): number {
  return buffers.reduce((sum, buffer) => sum + buffer.length, 0);
}

/** One value, repeated; levels need no more than a byte. */
function run(count: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(count * 2), value]);
}

function packed(levels: Uint8Array, width: number): Uint8Array[] {
  const groups = Math.ceil(levels.length / 8);
  const bytes = new Uint8Array(groups * width);
  let bit = 0;
  for (const level of levels) {
    for (let place = 0; place < width; place += 1, bit += 1)
      if ((level >> place) & 1) bytes[bit >> 3]! |= 1 << (bit & 7);
  }
  return [Uint8Array.from(varint(groups * 2 + 1)), bytes];
}

const blockValues = 128;
const miniblocks = 4;

/** DELTA_BINARY_PACKED with whole bytes for each difference, as few as a block needs. */
export function encodeLengths(lengths: Int32Array): Uint8Array {
  const count = lengths.length;
  const head = [...varint(blockValues), ...varint(miniblocks), ...varint(count), ...zigzag(lengths[0] ?? 0)];
  const blocks = Math.ceil((count - 1) / blockValues);
  // Least difference, widths, differences.
  const bytes = new Uint8Array(head.length + blocks * (10 + miniblocks + blockValues * 4));
  bytes.set(head);
  let at = head.length;
  for (let from = 1; from < count; from += blockValues) {
    const to = Math.min(count, from + blockValues);
    let least = lengths[from]! - lengths[from - 1]!;
    let most = least;
    for (let index = from + 1; index < to; index += 1) {
      const delta = lengths[index]! - lengths[index - 1]!;
      if (delta < least) least = delta;
      if (delta > most) most = delta;
    }
    const start = zigzag(least);
    bytes.set(start, at);
    at += start.length;
    const width = bytesFor(most - least);
    const used = Math.ceil((to - from) / (blockValues / miniblocks));
    bytes.fill(width * 8, at, at + used);
    at += miniblocks;
    for (let index = from, place = at; index < to; index += 1) {
      let rest = lengths[index]! - lengths[index - 1]! - least;
      for (let byte = 0; byte < width; byte += 1, rest >>>= 8) bytes[place++] = rest;
    }
    at += used * (blockValues / miniblocks) * width;
  }
  return bytes.subarray(0, at);
}

function bytesFor(most: number): number {
  if (most === 0) return 0;
  return most < 0x100 ? 1 : most < 0x10000 ? 2 : 4;
}

export function isSet(bitmap: Uint8Array, index: number): boolean {
  return ((bitmap[index >> 3]! >> (index & 7)) & 1) === 1;
}

/** The bits at `indexes`, packed anew. */
export function takeBits(bitmap: Uint8Array, indexes: Int32Array): Uint8Array {
  const taken = new Uint8Array(Math.ceil(indexes.length / 8));
  for (let at = 0; at < indexes.length; at += 1) if (isSet(bitmap, indexes[at]!)) taken[at >> 3]! |= 1 << (at & 7);
  return taken;
}

/** The bytes where they can be read as words: a message begins anywhere in the memory it arrived in. */
export function aligned(bytes: Uint8Array): Uint8Array {
  // A Buffer's own slice copies nothing.
  return bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.prototype.slice.call(bytes);
}

/** Values of `width` bytes, one to four words of four, at `indexes`. */
export function takeFixed(bytes: Uint8Array, width: number, indexes: Int32Array): Uint8Array {
  const taken = new Uint8Array(indexes.length * width);
  const source = aligned(bytes);
  const from = new Int32Array(source.buffer, source.byteOffset, source.byteLength >> 2);
  const to = new Int32Array(taken.buffer);
  const words = width / 4;
  if (words === 2) takePairs(from, indexes, to);
  else
    for (let at = 0; at < indexes.length; at += 1)
      for (let word = 0; word < words; word += 1) to[at * words + word] = from[indexes[at]! * words + word]!;
  return taken;
}

/** Almost all types are of this width. */
function takePairs(from: Int32Array, indexes: Int32Array, to: Int32Array): void {
  for (let at = 0; at < indexes.length; at += 1) {
    const index = indexes[at]! * 2;
    to[at * 2] = from[index]!;
    to[at * 2 + 1] = from[index + 1]!;
  }
}
