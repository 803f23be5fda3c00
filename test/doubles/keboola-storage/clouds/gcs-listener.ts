/** GCS: XML and JSON reads under a Bearer token bound to one prefix, and signed URLs. */
import type { Incoming, Listening } from '../http/listener.ts';
import { jsonReply, type Reply } from '../http/reply.ts';
import type { Service } from '../service.ts';
import { inspectCloud } from './carried-tokens.ts';
import { gcsUrlSignature } from './credentials.ts';
import type { StoredObject } from './object-store.ts';
import { type CloudError, serveObject } from './serve-object.ts';

interface Address {
  bucket: string;
  key: string;
  wants: 'media' | 'metadata' | 'list';
}

export function gcsListening(service: Service): Listening {
  return {
    name: 'gcs',
    compress: false,
    identify(_method, rawPath, query) {
      const { bucket, key, wants } = addressOf(rawPath, query);
      if (wants !== 'media') return { route: 'list', params: { bucket, key } };
      return { route: key.endsWith('manifest') ? 'manifest' : 'slice', params: { bucket, key } };
    },
    inspect: (request) => inspectCloud(service, request),
    answer: async (request) => answerGcs(service, request),
  };
}

export function gcsError({ status, code, message }: CloudError): Reply {
  return jsonReply(status, { error: { code: status, message, errors: [{ message, domain: 'global', reason: code }] } });
}

function answerGcs(service: Service, request: Incoming): Reply {
  const { bucket, key, wants } = addressOf(request.rawPath, request.query);
  const refusal = authorize(service, request, bucket, key);
  if (refusal) return gcsError(refusal);
  if (!['GET', 'HEAD'].includes(request.method))
    return gcsError({ status: 403, code: 'forbidden', message: 'no storage.objects.create access' });
  if (wants === 'list')
    return gcsError({ status: 403, code: 'forbidden', message: 'Caller does not have storage.objects.list access' });
  const object = service.store.get('gcp', bucket, key);
  if (!object) return gcsError({ status: 404, code: 'notFound', message: `No such object: ${bucket}/${key}` });
  if (service.clock.now() < object.createdMs + service.settings.freshForbiddenMs) {
    return gcsError({ status: 403, code: 'forbidden', message: 'Caller does not have storage.objects.get access' });
  }
  const hash = `crc32c=${crcBase64(object)},md5=${object.md5.toString('base64')}`;
  if (wants === 'metadata') return jsonReply(200, metadata(object));
  const headers = {
    'x-goog-hash': hash,
    'x-goog-generation': '1',
    'x-goog-stored-content-encoding': 'identity',
    'x-goog-stored-content-length': String(object.size),
  };
  return serveObject(request, object, { etag: `"${object.md5.toString('hex')}"`, headers, fail: gcsError });
}

function authorize(service: Service, request: Incoming, bucket: string, key: string): CloudError | undefined {
  const expires = request.query.get('Expires');
  if (expires && request.query.get('Signature') === gcsUrlSignature(bucket, key, expires)) {
    return service.clock.now() < Number(expires) * 1000
      ? undefined
      : { status: 400, code: 'ExpiredToken', message: 'The provided token has expired.' };
  }
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (!token) {
    service.violations.record('unauthenticated-slice', request.rawPath, request.entry);
    return { status: 401, code: 'required', message: 'Anonymous caller does not have storage.objects.get access' };
  }
  const grant = service.credentials.gcs(token);
  if (!grant || service.clock.now() >= grant.expiresMs)
    return { status: 401, code: 'authError', message: 'Invalid Credentials' };
  if (grant.bucket !== bucket)
    service.violations.record('foreign-bucket', `token of ${grant.bucket} at ${bucket}`, request.entry);
  if (grant.bucket === bucket && key.startsWith(grant.prefix)) return undefined;
  return {
    status: 403,
    code: 'forbidden',
    message: 'Caller does not have storage.objects.get access to the Google Cloud Storage object.',
  };
}

function metadata(object: StoredObject) {
  return {
    kind: 'storage#object',
    bucket: object.bucket,
    name: object.key,
    size: String(object.size),
    md5Hash: object.md5.toString('base64'),
    crc32c: crcBase64(object),
    contentType: object.contentType,
    generation: '1',
  };
}

function crcBase64(object: StoredObject): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(object.crc32c);
  return bytes.toString('base64');
}

function addressOf(rawPath: string, query: URLSearchParams): Address {
  const json = /^(?:\/download)?\/storage\/v1\/b\/([^/]+)\/o(?:\/(.*))?$/.exec(rawPath);
  if (json) {
    const key = decodeURIComponent(json[2] ?? '');
    return {
      bucket: decodeURIComponent(json[1]!),
      key,
      wants: key === '' ? 'list' : query.get('alt') === 'media' ? 'media' : 'metadata',
    };
  }
  const [, bucket = '', ...rest] = rawPath.split('/').map(decodeURIComponent);
  const key = rest.join('/');
  return { bucket, key, wants: key === '' ? 'list' : 'media' };
}
