/** One stored event as bytes: mark, length, CRC-32, then a JSON head and the event's raw body. */
import { crc32 } from 'node:zlib';
import type { EventFacts } from '../../connectors/receive-way.ts';

/** What stands before the raw body. Short names: it is written with every event. */
export interface FrameHead extends EventFacts {
  sequence: number;
  receivedAt: number;
  released?: true;
}

export interface Frame {
  head: FrameHead;
  body: Buffer;
}

const mark = Buffer.from([0xda, 0x7a, 0x10, 0xf1]);
const prefixBytes = 12;
/** No event is larger; a length beyond it is damage. */
const largestFrame = 64 * 1024 * 1024;

export function encodeFrame({ head, body }: Frame): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const frame = Buffer.allocUnsafe(prefixBytes + 4 + text.length + body.length);
  mark.copy(frame, 0);
  frame.writeUInt32LE(4 + text.length + body.length, 4);
  frame.writeUInt32LE(text.length, prefixBytes);
  text.copy(frame, prefixBytes + 4);
  body.copy(frame, prefixBytes + 4 + text.length);
  frame.writeUInt32LE(crc32(frame.subarray(prefixBytes)), 8);
  return frame;
}

export type Decoded =
  | { kind: 'frame'; frame: Frame; end: number }
  /** The bytes end inside a frame that looks sound so far. */
  | { kind: 'short'; needed: number }
  | { kind: 'damaged' };

/** The frame that starts at `offset`. */
export function decodeFrame(bytes: Buffer, offset: number): Decoded {
  const left = bytes.length - offset;
  if (left < prefixBytes) return { kind: 'short', needed: prefixBytes };
  if (!bytes.subarray(offset, offset + 4).equals(mark)) return { kind: 'damaged' };
  const length = bytes.readUInt32LE(offset + 4);
  if (length < 4 || length > largestFrame) return { kind: 'damaged' };
  const end = offset + prefixBytes + length;
  if (end > bytes.length) return { kind: 'short', needed: prefixBytes + length };
  const content = bytes.subarray(offset + prefixBytes, end);
  if (crc32(content) !== bytes.readUInt32LE(offset + 8)) return { kind: 'damaged' };
  const headLength = content.readUInt32LE(0);
  const head = JSON.parse(content.subarray(4, 4 + headLength).toString()) as FrameHead;
  return { kind: 'frame', frame: { head, body: content.subarray(4 + headLength) }, end };
}

/** Where the next whole frame starts at or after `offset`, or -1. */
export function findFrame(bytes: Buffer, offset: number): number {
  for (let at = bytes.indexOf(mark, offset); at !== -1; at = bytes.indexOf(mark, at + 1)) {
    if (decodeFrame(bytes, at).kind === 'frame') return at;
  }
  return -1;
}
