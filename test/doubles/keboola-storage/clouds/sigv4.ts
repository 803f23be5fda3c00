/** AWS Signature Version 4 as the service computes it, from the published description. */
import { createHash, createHmac } from 'node:crypto';

export interface CanonicalParts {
  method: string;
  /** Decoded or encoded path; every segment is encoded exactly once here, as S3 does. */
  path: string;
  /** Query as sent, without the signature itself. */
  query: string;
  /** All request headers, lower-case names. */
  headers: Record<string, string>;
  signedHeaders: string[];
  payloadHash: string;
}

export interface Scope {
  date: string;
  region: string;
  service: string;
}

export function sha256Hex(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Everything but A–Z a–z 0–9 - . _ ~ becomes %XX of its UTF-8 bytes. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function canonicalRequest(parts: CanonicalParts): string {
  const headers = parts.signedHeaders.map(
    (name) => `${name}:${(parts.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`,
  );
  return [
    parts.method,
    parts.path
      .split('/')
      .map((segment) => encodeRfc3986(safeDecode(segment)))
      .join('/'),
    canonicalQuery(parts.query),
    headers.join(''),
    parts.signedHeaders.join(';'),
    parts.payloadHash,
  ].join('\n');
}

export function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair) => {
    const cut = pair.indexOf('=');
    const [name, value] = cut < 0 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)];
    return [encodeRfc3986(safeDecode(name)), encodeRfc3986(safeDecode(value))] as const;
  });
  pairs.sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

export function stringToSign(amzDate: string, scope: Scope, request: string): string {
  const path = `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  return `AWS4-HMAC-SHA256\n${amzDate}\n${path}\n${sha256Hex(request)}`;
}

export function signature(secret: string, scope: Scope, toSign: string): string {
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, scope.date), scope.region), scope.service), 'aws4_request');
  return createHmac('sha256', key).update(toSign).digest('hex');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
