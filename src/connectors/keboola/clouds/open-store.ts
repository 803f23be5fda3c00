/** Chooses the cloud that holds a file. */
import { AttacheError } from '../../../errors/attache-error.ts';
import type { FileAnswer } from '../api/shapes.ts';
import { azureStore } from './azure.ts';
import { gcsStore } from './gcs.ts';
import type { ObjectStore } from './object-store.ts';
import { s3Store } from './s3.ts';

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

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}
