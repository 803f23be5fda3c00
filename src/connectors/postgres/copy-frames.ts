/**
 * Turns the byte stream of a running COPY into text that DuckDB reads, without copying a byte. Pure but for the buffers it is given.
 *
 * The server puts every row into a message of its own: `d`, four bytes of length, the row. These five bytes are overwritten in place by four zeros and a tab, so each row only gains a
 * first column that nobody reads, and the chunk goes on as it came. That column also keeps a row of one empty text, or of no column at all, from being an empty line.
 */

/** The wire name of the column that stands where the message headers were. */
export const headerColumn = 'frame';

const headerBytes = 5;
const copyData = 'd'.charCodeAt(0);
const filler = Buffer.from('0000\t');

export class CopyFrames {
  /** Rows seen so far. */
  rows = 0;
  /** Bytes of the longest row. */
  longestRow = 0;
  private readonly onRows: (bytes: Buffer) => void;
  private readonly onControl: (message: Buffer) => void;
  /** Bytes of the present row that are still to come. */
  private rest = 0;
  /** Of a header that a chunk cut: how many bytes came, and the length as far as it is known. */
  private headerSeen = 0;
  private length = 0;
  /** A message that is no row, gathered until it is whole. */
  private control: Buffer | null = null;

  /** `onRows` gets stretches of rows, views into the chunk; `onControl` every other message, whole, as it came. */
  constructor(onRows: (bytes: Buffer) => void, onControl: (message: Buffer) => void) {
    this.onRows = onRows;
    this.onControl = onControl;
  }

  push(chunk: Buffer): void {
    const end = chunk.length;
    let at = 0;
    let start = 0;
    if (this.control !== null) {
      at = this.gather(chunk, 0);
      start = at;
    } else if (this.headerSeen > 0) {
      at = this.finishHeader(chunk);
    }
    if (this.rest > 0) {
      const taken = Math.min(this.rest, end - at);
      this.rest -= taken;
      at += taken;
    }
    while (at < end) {
      if (chunk[at] !== copyData) {
        if (at > start) this.onRows(chunk.subarray(start, at));
        at = this.gather(chunk, at);
        start = at;
        continue;
      }
      if (end - at < headerBytes) {
        this.beginHeader(chunk, at);
        at = end;
        break;
      }
      const payload = ((chunk[at + 1]! << 24) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 8) | chunk[at + 4]!) - 4;
      chunk[at] = 48;
      chunk[at + 1] = 48;
      chunk[at + 2] = 48;
      chunk[at + 3] = 48;
      chunk[at + 4] = 9;
      this.rows += 1;
      if (payload > this.longestRow) this.longestRow = payload;
      at += headerBytes + payload;
      if (at > end) {
        this.rest = at - end;
        at = end;
      }
    }
    if (at > start) this.onRows(chunk.subarray(start, at));
  }

  private beginHeader(chunk: Buffer, at: number): void {
    this.length = 0;
    for (let index = at; index < chunk.length; index++) this.headerByte(chunk, index);
  }

  /** Takes the rest of a cut header; returns where the row begins. */
  private finishHeader(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.headerSeen > 0) this.headerByte(chunk, at++);
    return at;
  }

  private headerByte(chunk: Buffer, at: number): void {
    if (this.headerSeen > 0) this.length = this.length * 256 + chunk[at]!;
    chunk[at] = filler[this.headerSeen]!;
    this.headerSeen += 1;
    if (this.headerSeen < headerBytes) return;
    this.headerSeen = 0;
    this.rows += 1;
    this.rest = this.length - 4;
    if (this.rest > this.longestRow) this.longestRow = this.rest;
  }

  /** Gathers a message that is no row from `at` on; returns where the next one begins. */
  private gather(chunk: Buffer, at: number): number {
    const before = this.control ?? Buffer.alloc(0);
    const bytes = Buffer.concat([before, chunk.subarray(at)]);
    const whole = bytes.length < headerBytes ? Number.POSITIVE_INFINITY : 1 + bytes.readInt32BE(1);
    if (bytes.length < whole) {
      this.control = bytes;
      return chunk.length;
    }
    this.control = null;
    this.onControl(bytes.subarray(0, whole));
    return at + whole - before.length;
  }
}
