/** What the three clouds have in common: where an object lies, and how a request for it is signed. Types, and the choice of the cloud. */
import { AttacheError } from '../../../errors/attache-error.ts';
import type { FileAnswer } from '../api/shapes.ts';
import { azureStore } from './azure.ts';
import { gcsStore } from './gcs.ts';
import { s3Store } from './s3.ts';

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

/** Addresses that stand in for the public clouds. */
export interface Endpoints {
  s3: string | null;
  gcs: string | null;
}

export function endpointsOf(environment: Readonly<Record<string, string | undefined>>): Endpoints {
  const { AWS_ENDPOINT_URL_S3: s3, STORAGE_EMULATOR_HOST: gcs } = environment;
  return {
    s3: s3 ? withoutSlash(s3) : null,
    gcs: gcs ? withoutSlash(gcs.includes('://') ? gcs : `http://${gcs}`) : null,
  };
}

/** The store that holds a file, with the credentials that came with it. */
export function storeOf(file: FileAnswer, endpoints: Endpoints): ObjectStore {
  const store = {
    aws: () => s3Store(file, endpoints.s3),
    gcp: () => gcsStore(file, endpoints.gcs),
    azure: () => azureStore(file),
  }[file.provider]();
  if (store !== null) return store;
  throw new AttacheError('source_failed', {
    message: `The file ${file.id} came without a place or credentials for ${file.provider}.`,
    hint: 'The table keeps its data; the next run tries again.',
    retryable: true,
  });
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

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}
