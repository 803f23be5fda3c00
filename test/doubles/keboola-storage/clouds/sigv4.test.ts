import { describe, expect, it } from 'vitest';
import { canonicalRequest, sha256Hex, signature, stringToSign } from './sigv4.ts';
import { checkSignature, type SignedRequest, type Verdict } from './sigv4-check.ts';
import { presignedVector, s3Secret, s3Vectors, suiteSecret, suiteVectors } from './sigv4-vectors.ts';

const s3Day = Date.UTC(2013, 4, 24);
const judge = {
  region: 'us-east-1',
  service: 's3',
  wallMs: s3Day,
  nowMs: s3Day,
  find: (id: string) =>
    id === 'AKIAIOSFODNN7EXAMPLE'
      ? { secret: s3Secret, sessionToken: undefined, expiresMs: Number.POSITIVE_INFINITY }
      : undefined,
};

function s3Request(vector = s3Vectors[0]!): SignedRequest {
  const names = Object.keys(vector.headers).sort().join(';');
  const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${names},Signature=${vector.signature}`;
  const { method, path, query } = vector;
  return { method, path, query, headers: { ...vector.headers, authorization }, body: Buffer.from(vector.body ?? '') };
}

function codeOf(verdict: Verdict): string {
  return 'refusal' in verdict ? verdict.refusal.code : 'ok';
}

describe('SigV4', () => {
  it.each(suiteVectors)('computes the signature AWS publishes for $name', (vector) => {
    const scope = { date: '20150830', region: 'us-east-1', service: 'service' };
    const signedHeaders = Object.keys(vector.headers).sort();
    const request = canonicalRequest({ ...vector, signedHeaders, payloadHash: sha256Hex(vector.body ?? '') });
    expect(signature(suiteSecret, scope, stringToSign('20150830T123600Z', scope, request))).toBe(vector.signature);
  });

  it.each(s3Vectors)('accepts the request the S3 documentation signs: $name', (vector) => {
    expect(codeOf(checkSignature(s3Request(vector), judge))).toBe('ok');
  });

  it('accepts the signed URL of the S3 documentation until it expires', () => {
    const request = { ...presignedVector, method: 'GET', body: Buffer.alloc(0) };
    expect(codeOf(checkSignature(request, judge))).toBe('ok');
    expect(codeOf(checkSignature(request, { ...judge, nowMs: s3Day + 86_400_001 }))).toBe('AccessDenied');
    const tampered = { ...request, path: '/other.txt' };
    expect(codeOf(checkSignature(tampered, judge))).toBe('SignatureDoesNotMatch');
  });

  const spoiled: [string, (request: SignedRequest) => SignedRequest, Partial<typeof judge>, string][] = [
    ['another path', (r) => ({ ...r, path: '/test2.txt' }), {}, 'SignatureDoesNotMatch'],
    ['another query', (r) => ({ ...r, query: 'acl' }), {}, 'SignatureDoesNotMatch'],
    [
      'a changed signed header',
      (r) => ({ ...r, headers: { ...r.headers, range: 'bytes=0-10' } }),
      {},
      'SignatureDoesNotMatch',
    ],
    [
      'an unsigned x-amz header',
      (r) => ({ ...r, headers: { ...r.headers, 'x-amz-acl': 'public' } }),
      {},
      'AccessDenied',
    ],
    ['no authorization', (r) => ({ ...r, headers: {} }), {}, 'AccessDenied'],
    [
      'a malformed authorization',
      (r) => ({ ...r, headers: { ...r.headers, authorization: 'AWS a:b' } }),
      {},
      'AuthorizationHeaderMalformed',
    ],
    ['another body', (r) => ({ ...r, body: Buffer.from('x') }), {}, 'XAmzContentSHA256Mismatch'],
    ['another region', (r) => r, { region: 'eu-central-1' }, 'AuthorizationHeaderMalformed'],
    ['a clock 16 minutes off', (r) => r, { wallMs: s3Day + 16 * 60_000 }, 'RequestTimeTooSkewed'],
    ['an unknown key', (r) => r, { find: () => undefined }, 'InvalidAccessKeyId'],
    [
      'a missing session token',
      (r) => r,
      { find: () => ({ secret: s3Secret, sessionToken: 'needed', expiresMs: Number.POSITIVE_INFINITY }) as never },
      'InvalidToken',
    ],
    [
      'credentials past their life',
      (r) => r,
      { find: () => ({ secret: s3Secret, sessionToken: undefined, expiresMs: s3Day }) },
      'ExpiredToken',
    ],
  ];
  it.each(spoiled)('refuses a request with %s', (_what, spoil, change, code) => {
    expect(codeOf(checkSignature(spoil(s3Request()), { ...judge, ...change }))).toBe(code);
  });

  it('refuses a request without x-amz-content-sha256, which S3 wants on every header-signed request', () => {
    const request = s3Request();
    const { 'x-amz-content-sha256': _, ...headers } = request.headers;
    headers.authorization = headers.authorization!.replace('x-amz-content-sha256;', '');
    expect(codeOf(checkSignature({ ...request, headers }, judge))).toBe('InvalidRequest');
  });
});
