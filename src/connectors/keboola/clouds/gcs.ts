/** Objects in Google Cloud Storage under a token that reaches only the export's own prefix. */
import type { FileAnswer } from '../api/shapes.ts';
import { foreignEntry, type ObjectStore } from './object-store.ts';

export function gcsStore({ gcsPath, gcsCredentials }: FileAnswer, endpoint: string | null): ObjectStore | null {
  if (!gcsPath || !gcsCredentials) return null;
  const { bucket, key } = gcsPath;
  const base = `${endpoint ?? 'https://storage.googleapis.com'}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  return {
    key,
    keyOf: (entry) => {
      const [, named, rest] = /^gs:\/\/([^/]+)\/(.+)$/.exec(entry) ?? [];
      if (named !== bucket || rest === undefined) throw foreignEntry(entry, `gs://${bucket}`);
      return rest;
    },
    signed: async (object, headers) => ({
      url: `${base}/${encodeURIComponent(object)}?alt=media`,
      // Without this the service unpacks objects that are stored with an encoding.
      headers: { ...headers, authorization: `Bearer ${gcsCredentials.access_token}`, 'accept-encoding': 'gzip' },
    }),
    expiresAt: gcsCredentials.expires_in === null ? null : Date.now() + gcsCredentials.expires_in * 1000,
  };
}
