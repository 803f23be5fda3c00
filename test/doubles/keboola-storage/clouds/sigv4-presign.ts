/** Signed S3 URLs, as the service hands them out in a file's `url`. */
import { canonicalQuery, canonicalRequest, encodeRfc3986, signature, stringToSign } from './sigv4.ts';

export interface Presign {
  endpoint: string;
  bucket: string;
  key: string;
  region: string;
  accessKeyId: string;
  secret: string;
  atMs: number;
  lifeSeconds: number;
}

export function presignUrl(options: Presign): string {
  const amzDate = new Date(options.atMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = { date: amzDate.slice(0, 8), region: options.region, service: 's3' };
  const path = `/${options.bucket}/${options.key.split('/').map(encodeRfc3986).join('/')}`;
  const query = canonicalQuery(
    [
      'X-Amz-Algorithm=AWS4-HMAC-SHA256',
      `X-Amz-Credential=${options.accessKeyId}/${scope.date}/${scope.region}/s3/aws4_request`,
      `X-Amz-Date=${amzDate}`,
      `X-Amz-Expires=${options.lifeSeconds}`,
      'X-Amz-SignedHeaders=host',
    ].join('&'),
  );
  const request = canonicalRequest({
    method: 'GET',
    path,
    query,
    headers: { host: new URL(options.endpoint).host },
    signedHeaders: ['host'],
    payloadHash: 'UNSIGNED-PAYLOAD',
  });
  return `${options.endpoint}${path}?${query}&X-Amz-Signature=${signature(options.secret, scope, stringToSign(amzDate, scope, request))}`;
}
