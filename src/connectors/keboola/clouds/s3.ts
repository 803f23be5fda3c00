/** Objects in S3 under temporary credentials: Signature Version 4 in headers. */
import { AwsClient } from 'aws4fetch';
import { AttacheError } from '../../../errors/attache-error.ts';
import type { FileAnswer } from '../api/shapes.ts';
import { encodedKey, foreignEntry, type ObjectStore } from './object-store.ts';

const regionGrammar = /^[a-z0-9-]{1,40}$/;
const bucketGrammar = /^[a-z0-9][a-z0-9._-]{1,62}$/i;

export function s3Store({ s3Path, credentials, region }: FileAnswer, endpoint: string | null): ObjectStore | null {
  if (!s3Path || !credentials || !region) return null;
  const { bucket, key } = s3Path;
  // Both become part of a host name.
  if (!regionGrammar.test(region) || !bucketGrammar.test(bucket))
    throw new AttacheError('integrity', {
      message: `The stack names the bucket ${JSON.stringify(bucket)} in the region ${JSON.stringify(region)}, which cannot be.`,
    });
  const base = endpoint === null ? publicBase(bucket, region) : `${endpoint}/${bucket}`;
  const client = new AwsClient({
    accessKeyId: credentials.AccessKeyId,
    secretAccessKey: credentials.SecretAccessKey,
    ...(credentials.SessionToken ? { sessionToken: credentials.SessionToken } : {}),
    service: 's3',
    region,
  });
  return {
    key,
    keyOf: (entry) => {
      const [, named, rest] = /^s3:\/\/([^/]+)\/(.+)$/.exec(entry) ?? [];
      if (named !== bucket || rest === undefined) throw foreignEntry(entry, `s3://${bucket}`);
      return rest;
    },
    signed: async (object, headers) => {
      const request = await client.sign(`${base}/${encodedKey(object)}`, { headers });
      return { url: request.url, headers: Object.fromEntries(request.headers) };
    },
    expiresAt: credentials.Expiration ? Date.parse(credentials.Expiration) : null,
  };
}

/** A bucket with dots does not fit the certificate of the host that carries its name. */
function publicBase(bucket: string, region: string): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return /^[a-z0-9-]+$/.test(bucket)
    ? `https://${bucket}.s3.${region}.${domain}`
    : `https://s3.${region}.${domain}/${bucket}`;
}
