/** The files of an inbox: each is named by the sequence of its first event, so their order is the order of arrival. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface Segment {
  /** Sequence of its first event. */
  first: number;
  path: string;
  packed: boolean;
}

export function segmentPath(directory: string, first: number): string {
  return join(directory, `${String(first).padStart(16, '0')}.seg`);
}

/** Oldest first. While a segment is being packed both forms are there; the plain one counts. */
export async function listSegments(directory: string): Promise<Segment[]> {
  const names = await readdir(directory).catch(() => [] as string[]);
  const found = new Map<number, Segment>();
  for (const name of names.sort()) {
    const match = /^(\d{16})\.seg(\.gz)?$/.exec(name);
    if (match === null) continue;
    const segment = { first: Number(match[1]), path: join(directory, name), packed: match[2] !== undefined };
    if (!found.has(segment.first) || !segment.packed) found.set(segment.first, segment);
  }
  return [...found.values()].sort((a, b) => a.first - b.first);
}
