/** GET, HEAD, Range and If-Match on one object, the same on all three clouds. */
import type { Incoming } from '../http/listener.ts';
import type { Reply } from '../http/reply.ts';
import type { StoredObject } from './object-store.ts';

export interface CloudError {
  status: number;
  code: string;
  message: string;
}

export function serveObject(
  request: Incoming,
  object: StoredObject,
  own: { etag: string; headers: Record<string, string>; fail(error: CloudError): Reply },
): Reply {
  const wanted = request.headers['if-match'];
  if (wanted && wanted !== '*' && !wanted.split(/, */).includes(own.etag)) {
    return own.fail({
      status: 412,
      code: 'PreconditionFailed',
      message: 'At least one of the preconditions did not hold',
    });
  }
  const headers = {
    'content-type': object.contentType,
    'accept-ranges': 'bytes',
    etag: own.etag,
    'last-modified': new Date(object.createdMs).toUTCString(),
    ...own.headers,
  };
  const range = request.headers['x-ms-range'] ?? request.headers.range;
  const parsed = range ? /^bytes=(\d*)-(\d*)$/.exec(range) : null;
  if (!parsed || (parsed[1] === '' && parsed[2] === '')) {
    return { status: 200, headers, body: { path: object.path, start: 0, end: object.size } };
  }
  const start = parsed[1] === '' ? Math.max(object.size - Number(parsed[2]), 0) : Number(parsed[1]);
  const end = parsed[1] === '' || parsed[2] === '' ? object.size : Math.min(Number(parsed[2]) + 1, object.size);
  if (start >= object.size) {
    const refusal = own.fail({ status: 416, code: 'InvalidRange', message: 'The requested range is not satisfiable' });
    return { ...refusal, headers: { ...refusal.headers, 'content-range': `bytes */${object.size}` } };
  }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end - 1}/${object.size}` },
    body: { path: object.path, start, end },
  };
}
