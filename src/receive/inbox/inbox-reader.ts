/** Reads a lane from a position on: whole frames in order, damage reported and stepped over, an unfinished end left for later. */
import { open, stat } from 'node:fs/promises';
import { decodeFrame, type Frame, findFrame } from './frame.ts';
import { listSegments, type Segment } from './segments.ts';
import { UnpackedSegment } from './unpacked-segment.ts';

/** How far a lane is read. `segment` is the first sequence of a segment, 0 before any. */
export interface LanePosition {
  segment: number;
  offset: number;
  sequence: number;
}

export const laneStart: LanePosition = { segment: 0, offset: 0, sequence: 0 };

export interface ReadAhead {
  frames: Frame[];
  position: LanePosition;
  /** What could not be read, as sentences. */
  damage: string[];
}

/** Up to about `bytes` of frames after `position` and no more than `frames` of them; fewer, or none, when that is all there is. `unpacked`: kept between calls by who reads on. */
export async function readAhead(
  directory: string,
  position: LanePosition,
  bytes: number,
  frames = Number.POSITIVE_INFINITY,
  unpacked = new UnpackedSegment(),
): Promise<ReadAhead> {
  const found: ReadAhead = { frames: [], position: { ...position }, damage: [] };
  const segments = await listSegments(directory);
  let taken = 0;
  for (const [index, segment] of segments.entries()) {
    if (segment.first < position.segment) continue;
    if (segment.first > found.position.segment)
      found.position = { ...found.position, segment: segment.first, offset: 0 };
    const isLast = index === segments.length - 1;
    taken += await readSegment(segment, isLast, found, { bytes: bytes - taken, frames, unpacked });
    if (taken >= bytes || found.frames.length >= frames) break;
  }
  const gone = segments[0] !== undefined && position.segment !== 0 && segments[0].first > position.segment;
  if (gone || (segments.length === 0 && position.segment !== 0)) {
    found.damage.push(`The segment ${position.segment} of the inbox is missing.`);
    // Said once: the sequence alone keeps what was applied apart from what is new.
    if (segments.length === 0) found.position = { ...laneStart, sequence: position.sequence };
  }
  return found;
}

/** Where a lane ends at present. Of a packed segment that is known only once it is read. */
export async function laneEnd(directory: string): Promise<Pick<LanePosition, 'segment' | 'offset'>> {
  const last = (await listSegments(directory)).at(-1);
  if (last === undefined) return { segment: 0, offset: 0 };
  return { segment: last.first, offset: last.packed ? Number.POSITIVE_INFINITY : (await stat(last.path)).size };
}

/** Bytes of a lane that were not read yet. */
export async function bytesAfter(directory: string, position: LanePosition): Promise<number> {
  let bytes = 0;
  for (const { first, path } of await listSegments(directory)) {
    if (first < position.segment) continue;
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    bytes += Math.max(0, size - (first === position.segment ? position.offset : 0));
  }
  return bytes;
}

async function readSegment(
  segment: Segment,
  isLast: boolean,
  found: ReadAhead,
  { bytes, frames, unpacked }: { bytes: number; frames: number; unpacked: UnpackedSegment },
): Promise<number> {
  let taken = 0;
  let size = bytes;
  while (taken < bytes && found.frames.length < frames) {
    const chunk = await readChunk(segment, found, size, unpacked);
    if (chunk.length === 0) break;
    const used = takeFrames(segment, chunk, { isLast, hasMore: chunk.length === size, frames }, found);
    if (used > 0) {
      taken += used;
      size = bytes;
    } else if (chunk.length < size) break;
    // One frame is larger than the chunk.
    else size *= 2;
  }
  return taken;
}

/** Takes what the chunk holds and returns how many bytes that was. */
function takeFrames(
  segment: Segment,
  chunk: Buffer,
  { isLast, hasMore, frames }: { isLast: boolean; hasMore: boolean; frames: number },
  found: ReadAhead,
): number {
  let at = 0;
  while (at < chunk.length && found.frames.length < frames) {
    const decoded = decodeFrame(chunk, at);
    if (decoded.kind === 'frame') {
      if (decoded.frame.head.sequence > found.position.sequence) found.frames.push(decoded.frame);
      found.position.sequence = Math.max(found.position.sequence, decoded.frame.head.sequence);
      at = decoded.end;
      continue;
    }
    if (decoded.kind === 'short' && hasMore) break;
    const next = findFrame(chunk, at + 1);
    if (next === -1 && (isLast || hasMore)) break;
    const upTo = next === -1 ? chunk.length : next;
    found.damage.push(`${upTo - at} bytes of ${segment.path} at ${found.position.offset + at} cannot be read.`);
    at = upTo;
  }
  found.position.offset += at;
  return at;
}

async function readChunk(
  segment: Segment,
  { position: { offset }, damage }: ReadAhead,
  size: number,
  unpacked: UnpackedSegment,
): Promise<Buffer> {
  if (segment.packed) return unpacked.read(segment.path, offset, size, damage);
  const file = await open(segment.path, 'r');
  try {
    // Most looks find nothing new: they must not cost a buffer.
    const left = Math.max(0, Math.min(size, (await file.stat()).size - offset));
    if (left === 0) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafe(left);
    const { bytesRead } = await file.read(buffer, 0, left, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
