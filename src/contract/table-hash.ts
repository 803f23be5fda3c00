/** The hash of a table: what an analyst's machine compares to know whether anything changed. */
import { createHash } from 'node:crypto';
import type { Part } from './shapes.ts';

/** `sha256:…`; of a single part its own hash, of several the hash over their hashes in order, of none the hash over the columns. */
export function tableHash(parts: readonly Pick<Part, 'sha256'>[]): string {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return `sha256:${first.sha256}`;
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.sha256}\n`);
  return `sha256:${hash.digest('hex')}`;
}
