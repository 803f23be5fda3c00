/** Packs segments that are applied, and drops those older than the retention once a base copy of the state stands in for them. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { syncDirectory, syncFile } from '../../files/durable.ts';
import type { LanePosition } from './inbox-reader.ts';
import { listSegments, type Segment } from './segments.ts';

/** Segments of a lane that lie wholly before `position`. */
export async function appliedSegments(directory: string, position: LanePosition): Promise<Segment[]> {
  return (await listSegments(directory)).filter((segment) => segment.first < position.segment);
}

/** Packs one segment; a kill leaves the plain one, which counts as long as it is there. */
export async function packSegment(segment: Segment): Promise<void> {
  const target = `${segment.path}.gz`;
  const draft = `${target}.draft`;
  await pipeline(createReadStream(segment.path), createGzip({ level: 1 }), createWriteStream(draft, { mode: 0o600 }));
  await syncFile(draft);
  await rename(draft, target);
  await syncDirectory(dirname(target));
  await rm(segment.path);
}

/** Those last written to before `before`. */
export async function olderThan(segments: readonly Segment[], before: number): Promise<Segment[]> {
  const ages = await Promise.all(segments.map(async (segment) => (await stat(segment.path)).mtimeMs));
  return segments.filter((_, index) => (ages[index] as number) < before);
}
