/** S3, path style, checking signature, session token, skew, region, payload hash and prefix. */
import type { Incoming, Listening } from '../http/listener.ts';
import { type Reply, textReply } from '../http/reply.ts';
import type { Service } from '../service.ts';
import { inspectCloud } from './carried-tokens.ts';
import { serviceKey } from './credentials.ts';
import { type CloudError, serveObject } from './serve-object.ts';
import { checkSignature } from './sigv4-check.ts';

export function s3Listening(service: Service): Listening {
  return {
    name: 's3',
    compress: false,
    identify(_method, rawPath) {
      const { bucket, key } = addressOf(rawPath);
      return { route: key === '' ? 'list' : key.endsWith('manifest') ? 'manifest' : 'slice', params: { bucket, key } };
    },
    inspect: (request) => inspectCloud(service, request),
    answer: async (request) => answerS3(service, request),
  };
}

export function s3Error({ status, code, message }: CloudError): Reply {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message.replaceAll('<', '&lt;')}</Message><RequestId>DOUBLE</RequestId></Error>`;
  return textReply(status, 'application/xml', text);
}

function answerS3(service: Service, request: Incoming): Reply {
  const { bucket, key } = addressOf(request.rawPath);
  const verdict = checkSignature(
    {
      method: request.method,
      path: request.rawPath,
      query: request.rawQuery,
      headers: request.headers,
      body: request.body,
    },
    {
      region: service.settings.region,
      service: 's3',
      wallMs: Date.now() + service.cloudSkewMs,
      nowMs: service.clock.now(),
      find: (id) =>
        id === serviceKey.accessKeyId
          ? { secret: serviceKey.secret, sessionToken: undefined, expiresMs: Number.POSITIVE_INFINITY }
          : service.credentials.s3(id),
    },
  );
  if ('refusal' in verdict) {
    if (!request.headers.authorization && !request.rawQuery.includes('X-Amz-Signature')) {
      service.violations.record('unauthenticated-slice', request.rawPath, request.entry);
    }
    return s3Error(verdict.refusal);
  }
  const grant = service.credentials.s3(verdict.accessKeyId);
  if (grant && grant.bucket !== bucket)
    service.violations.record('foreign-bucket', `credentials of ${grant.bucket} at ${bucket}`, request.entry);
  const denied = s3Error({ status: 403, code: 'AccessDenied', message: 'Access Denied' });
  if (!['GET', 'HEAD'].includes(request.method)) return denied;
  if (grant && (grant.bucket !== bucket || !(key || request.query.get('prefix') || '').startsWith(grant.prefix)))
    return denied;
  if (key === '') return listBucket(service, bucket, request.query.get('prefix') ?? '');
  const object = service.store.get('aws', bucket, key);
  if (!object) return s3Error({ status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' });
  if (service.clock.now() < object.createdMs + service.settings.freshForbiddenMs) return denied;
  const etag = `"${object.md5.toString('hex')}"`;
  return serveObject(request, object, {
    etag,
    headers: { server: 'AmazonS3', 'x-amz-request-id': 'DOUBLE' },
    fail: s3Error,
  });
}

function listBucket(service: Service, bucket: string, prefix: string): Reply {
  const contents = service.store
    .list('aws', bucket, prefix)
    .map(({ key, size }) => `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`);
  return textReply(
    200,
    'application/xml',
    `<ListBucketResult><Name>${bucket}</Name><Prefix>${prefix}</Prefix><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
  );
}

function addressOf(rawPath: string): { bucket: string; key: string } {
  const [, bucket = '', ...rest] = rawPath.split('/').map(decodeURIComponent);
  return { bucket, key: rest.join('/') };
}
