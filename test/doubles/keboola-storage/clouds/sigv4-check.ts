/** Decides about a signed S3 request what S3 would decide. */
import { timingSafeEqual } from 'node:crypto';
import { canonicalRequest, type Scope, sha256Hex, signature, stringToSign } from './sigv4.ts';

interface S3Secret {
  secret: string;
  sessionToken: string | undefined;
  expiresMs: number;
}

export interface SignedRequest {
  method: string;
  path: string;
  query: string;
  headers: Record<string, string>;
  body: Buffer;
}

interface Refusal {
  status: number;
  code: string;
  message: string;
}

export type Verdict = { accessKeyId: string; presigned: boolean } | { refusal: Refusal };

export interface Judge {
  region: string;
  service: string;
  /** Time by which signatures are dated: real time, moved only by a clock-skew test. */
  wallMs: number;
  /** Time by which credentials and signed URLs expire. */
  nowMs: number;
  find(accessKeyId: string): S3Secret | undefined;
}

const maxSkewMs = 15 * 60_000;

export function checkSignature(request: SignedRequest, judge: Judge): Verdict {
  if (/(^|&)X-Amz-Signature=/.test(request.query)) return checkPresigned(request, judge);
  const header = request.headers.authorization;
  if (!header) return refuse(403, 'AccessDenied', 'Access Denied');
  const parsed =
    /^AWS4-HMAC-SHA256 +Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (!parsed) return refuse(400, 'AuthorizationHeaderMalformed', 'The authorization header is malformed.');
  const [, accessKeyId, date, region, service, names, given] = parsed as unknown as string[];
  const amzDate = request.headers['x-amz-date'] ?? '';
  const payloadHash = request.headers['x-amz-content-sha256'];
  const signedHeaders = names!.split(';');
  const problem =
    checkScope({ date: date!, region: region!, service: service! }, amzDate, judge) ??
    checkHeaders(request.headers, signedHeaders) ??
    checkPayload(payloadHash, request.body) ??
    checkDate(amzDate, judge.wallMs);
  if (problem) return { refusal: problem };
  const scope = { date: date!, region: region!, service: service! };
  const parts = { ...request, signedHeaders, payloadHash: payloadHash! };
  const sessionToken = request.headers['x-amz-security-token'];
  return judgeSignature(
    accessKeyId!,
    sessionToken,
    given!,
    stringToSign(amzDate, scope, canonicalRequest(parts)),
    scope,
    judge,
    false,
  );
}

function checkPresigned(request: SignedRequest, judge: Judge): Verdict {
  const query = new URLSearchParams(request.query);
  const [accessKeyId, date, region, service] = (query.get('X-Amz-Credential') ?? '').split('/');
  const amzDate = query.get('X-Amz-Date') ?? '';
  const signedHeaders = (query.get('X-Amz-SignedHeaders') ?? '').split(';');
  const scope = { date: date ?? '', region: region ?? '', service: service ?? '' };
  const problem = checkScope(scope, amzDate, judge);
  if (problem) return { refusal: problem };
  if (judge.nowMs > readAmzDate(amzDate)! + Number(query.get('X-Amz-Expires')) * 1000) {
    return refuse(403, 'AccessDenied', 'Request has expired');
  }
  const given = query.get('X-Amz-Signature') ?? '';
  const unsigned = request.query
    .split('&')
    .filter((pair) => !pair.startsWith('X-Amz-Signature='))
    .join('&');
  const parts = { ...request, query: unsigned, signedHeaders, payloadHash: 'UNSIGNED-PAYLOAD' };
  const sessionToken = query.get('X-Amz-Security-Token') ?? undefined;
  return judgeSignature(
    accessKeyId ?? '',
    sessionToken,
    given,
    stringToSign(amzDate, scope, canonicalRequest(parts)),
    scope,
    judge,
    true,
  );
}

function judgeSignature(
  accessKeyId: string,
  sessionToken: string | undefined,
  given: string,
  toSign: string,
  scope: Scope,
  judge: Judge,
  presigned: boolean,
): Verdict {
  const known = judge.find(accessKeyId);
  if (!known)
    return refuse(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
  const expected = signature(known.secret, scope, toSign);
  if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected))) {
    return refuse(
      403,
      'SignatureDoesNotMatch',
      `The request signature we calculated does not match. StringToSign: ${toSign}`,
    );
  }
  if (sessionToken !== known.sessionToken) {
    return refuse(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.');
  }
  if (judge.nowMs >= known.expiresMs) return refuse(400, 'ExpiredToken', 'The provided token has expired.');
  return { accessKeyId, presigned };
}

function checkScope(scope: Scope, amzDate: string, judge: Judge): Refusal | undefined {
  if (scope.region !== judge.region) {
    const message = `The authorization header is malformed; the region '${scope.region}' is wrong; expecting '${judge.region}'`;
    return { status: 400, code: 'AuthorizationHeaderMalformed', message };
  }
  if (scope.service !== judge.service || scope.date !== amzDate.slice(0, 8) || readAmzDate(amzDate) === undefined) {
    return { status: 400, code: 'AuthorizationHeaderMalformed', message: 'Credential scope and date do not agree.' };
  }
  return undefined;
}

/** S3 wants the host and every x-amz header under the signature. */
function checkHeaders(headers: Record<string, string>, signed: string[]): Refusal | undefined {
  const must = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  const missing = must.filter((name) => !signed.includes(name));
  const absent = signed.filter((name) => headers[name] === undefined);
  if (missing.length === 0 && absent.length === 0 && signed.join() === [...signed].sort().join()) return undefined;
  return {
    status: 403,
    code: 'AccessDenied',
    message: `There were headers present in the request which were not signed: ${missing.join(', ')}`,
  };
}

function checkPayload(hash: string | undefined, body: Buffer): Refusal | undefined {
  if (hash === undefined) {
    return {
      status: 400,
      code: 'InvalidRequest',
      message: 'Missing required header for this request: x-amz-content-sha256',
    };
  }
  if (hash === 'UNSIGNED-PAYLOAD' || hash === sha256Hex(body)) return undefined;
  return {
    status: 400,
    code: 'XAmzContentSHA256Mismatch',
    message: 'The provided x-amz-content-sha256 does not match the body.',
  };
}

function checkDate(amzDate: string, wallMs: number): Refusal | undefined {
  const at = readAmzDate(amzDate);
  if (at !== undefined && Math.abs(at - wallMs) <= maxSkewMs) return undefined;
  return {
    status: 403,
    code: 'RequestTimeTooSkewed',
    message: 'The difference between the request time and the current time is too large.',
  };
}

function readAmzDate(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number) as number[];
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}

function refuse(status: number, code: string, message: string): Verdict {
  return { refusal: { status, code, message } };
}
