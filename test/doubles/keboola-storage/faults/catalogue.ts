/** The ways in which calls go wrong, by name, for table-driven suites: HTTP and connection level. */
import { bodyBytes, jsonReply, type Reply, textReply } from '../http/reply.ts';
import { errorReply } from '../storage/errors.ts';
import type { Fault } from './rules.ts';

/** How long the answer asks to wait: seconds, a date that many seconds ahead, or nothing. */
export type RetryAfter = { seconds: number } | { dateInSeconds: number } | undefined;

const codes: Record<number, string> = {
  400: 'storage.tables.validation',
  401: 'storage.tokenInvalid',
  403: 'accessDenied',
  404: 'storage.notFound',
  409: 'storage.conflict',
  423: 'storage.locked',
  429: 'storage.tooManyRequests',
};

export function status(code: number, retryAfter?: RetryAfter, storageCode?: string): Fault {
  const replace = () =>
    errorReply(code, storageCode ?? codes[code] ?? 'storage.internal', `Injected ${code}`, retryHeader(retryAfter));
  return { name: `status ${code}`, replace };
}

export function maintenance(seconds = 60): Fault {
  const body = {
    status: 'maintenance',
    estimatedEndTime: new Date(Date.now() + seconds * 1000).toISOString(),
    reason: 'Injected maintenance',
  };
  return { name: 'maintenance', replace: () => jsonReply(503, body, { 'retry-after': String(seconds) }) };
}

/** A gateway's page instead of JSON. */
export function htmlPage(code = 502): Fault {
  return {
    name: `html ${code}`,
    replace: () => textReply(code, 'text/html', '<html><body><h1>Bad Gateway</h1></body></html>'),
  };
}

export function emptyBody(code = 200): Fault {
  return { name: 'empty body', replace: () => textReply(code, 'application/json', '') };
}

/** The true JSON, cut in half, with a length that agrees. */
export function truncatedJson(): Fault {
  return changeBody('truncated json', (body) => body.subarray(0, Math.floor(body.length / 2)));
}

export function lyingContentType(type = 'text/html'): Fault {
  return {
    name: 'lying content-type',
    change: (reply) => ({ ...reply, headers: { ...reply.headers, 'content-type': type } }),
  };
}

export function resetBeforeHeaders(): Fault {
  return { name: 'reset before headers', wire: { reset: 'before-headers' } };
}

export function resetMidBody(afterBytes = 64): Fault {
  return { name: 'reset mid body', wire: { reset: { afterBytes } } };
}

/** Every byte arrives, the end of the (chunked) body does not. */
export function resetAfterLastByte(): Fault {
  return { name: 'reset after last byte', wire: { reset: 'after-last-byte' } };
}

export function stallBeforeHeaders(): Fault {
  return { name: 'stall before headers', wire: { stall: 'before-headers' } };
}

export function stallMidBody(afterBytes = 64): Fault {
  return { name: 'stall mid body', wire: { stall: { afterBytes } } };
}

export function slowDrip(bytes = 16, everyMs = 10): Fault {
  return { name: 'slow drip', wire: { drip: { bytes, everyMs } } };
}

export function redirect(to: string, code = 302): Fault {
  return { name: 'redirect', replace: () => ({ status: code, headers: { location: to }, body: Buffer.alloc(0) }) };
}

/** Something happens in the service just before the struck call is answered. */
export function meanwhile(name: string, act: () => void | Promise<void>): Fault {
  return { name, before: act };
}

/** The true JSON with something else in it. */
export function alteredJson<T>(name: string, alter: (value: T) => unknown): Fault {
  return changeBody(name, (body) => Buffer.from(JSON.stringify(alter(JSON.parse(body.toString()) as T))));
}

/** Another body of its own honest length; hash headers follow the new body or are dropped. */
export function changeBody(name: string, alter: (body: Buffer) => Buffer): Fault {
  const change = (reply: Reply): Reply => {
    if (reply.status >= 300) return reply;
    return { ...reply, body: alter(bodyBytes(reply)) };
  };
  return { name, change };
}

export function jobStuck(stuck: 'waiting' | 'processing'): Fault {
  return { name: `job stuck in ${stuck}`, job: { stuck } };
}

export function jobError(
  code = 'storage.backend',
  message = 'Injected job error',
  exceptionId = 'job-exception-1',
): Fault {
  return { name: 'job error', job: { error: { code, message, exceptionId } } };
}

export function jobVanishes(atPoll = 1): Fault {
  return { name: 'job vanishes', job: { vanishAtPoll: atPoll } };
}

/** The job succeeds and shows no file. */
export function jobWithoutResults(results: null | [] = null): Fault {
  return { name: 'job without results', job: { results } };
}

function retryHeader(retryAfter: RetryAfter): Record<string, string> {
  if (!retryAfter) return {};
  if ('seconds' in retryAfter) return { 'retry-after': String(retryAfter.seconds) };
  return { 'retry-after': new Date(Date.now() + retryAfter.dateInSeconds * 1000).toUTCString() };
}
