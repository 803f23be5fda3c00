/** What the three clouds have in common: where an object lies, and how a request for it is signed. */
import { AttacheError } from '../../../errors/attache-error.ts';

export interface ObjectStore {
  /** Key of the file: of its only object, or the beginning of the manifest's and the slices'. */
  key: string;
  /** Key of the object an entry of the manifest names; throws when it lies outside the file's own bucket. */
  keyOf(entry: string): string;
  /** A signed request for an object. */
  signed(key: string, headers: Record<string, string>): Promise<{ url: string; headers: Record<string, string> }>;
  /** Milliseconds since the epoch; null when the answer does not say. */
  expiresAt: number | null;
}

/** The error for an entry that leads out of the file's own bucket: no credential is sent there. */
export function foreignEntry(entry: string, expected: string): AttacheError {
  return new AttacheError('integrity', {
    message: `The manifest names an object outside of ${expected}: ${entry.slice(0, 200)}.`,
    hint: 'The table keeps its data, and no credential was sent there. Tell the support of Keboola if it repeats.',
  });
}

/** Each segment of a key encoded, slashes kept. */
export function encodedKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}
