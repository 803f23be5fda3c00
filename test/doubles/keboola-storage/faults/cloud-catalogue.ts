/** The ways in which clouds, manifests and slices go wrong. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { azureError } from '../clouds/azure-listener.ts';
import { crc32cUpdate } from '../clouds/crc32c.ts';
import { gcsError } from '../clouds/gcs-listener.ts';
import { s3Error } from '../clouds/s3-listener.ts';
import type { CloudError } from '../clouds/serve-object.ts';
import type { Incoming } from '../http/listener.ts';
import { bodyBytes, bodyLength, type Reply } from '../http/reply.ts';
import { alteredJson } from './catalogue.ts';
import type { Fault } from './rules.ts';

interface ManifestEntry {
  url: string;
  mandatory: boolean;
}

/** What each cloud says when credentials have run out. */
export function expiredCredentials(): Fault {
  return cloudRefusal('expired credentials', {
    s3: { status: 400, code: 'ExpiredToken', message: 'The provided token has expired.' },
    gcs: { status: 401, code: 'authError', message: 'Invalid Credentials' },
    azure: { status: 403, code: 'AuthenticationFailed', message: 'Signature not valid in the specified time frame' },
  });
}

export function forbiddenObject(): Fault {
  const denied = { status: 403, code: 'AccessDenied', message: 'Access Denied' };
  return cloudRefusal('forbidden object', {
    s3: denied,
    gcs: denied,
    azure: { ...denied, code: 'AuthorizationPermissionMismatch' },
  });
}

export function missingObject(): Fault {
  return cloudRefusal('missing object', {
    s3: { status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' },
    gcs: { status: 404, code: 'notFound', message: 'No such object' },
    azure: { status: 404, code: 'BlobNotFound', message: 'The specified blob does not exist.' },
  });
}

export function slowDown(): Fault {
  const busy = { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };
  return cloudRefusal('slow down', { s3: busy, gcs: { ...busy, status: 429 }, azure: { ...busy, code: 'ServerBusy' } });
}

/** Fewer bytes than Content-Length promises, then the connection ends. */
export function shortSlice(missingBytes = 10): Fault {
  return {
    name: 'short slice',
    change: (reply) => {
      const promised = String(bodyLength(reply));
      return {
        ...reply,
        headers: { ...reply.headers, 'content-length': promised },
        body: bodyBytes(reply).subarray(0, -missingBytes),
      };
    },
  };
}

/** Fewer bytes, and a Content-Length and hashes that agree with them. */
export function truncatedObject(missingBytes = 10): Fault {
  return damagedObject('truncated object', (body) => body.subarray(0, -missingBytes));
}

/** The gz trailer carries another CRC; everything else is right. */
export function wrongGzCrc(): Fault {
  return damagedObject('wrong gz crc', (body) => {
    const copy = Buffer.from(body);
    copy.writeUInt32LE((copy.readUInt32LE(copy.length - 8) ^ 0xffffffff) >>> 0, copy.length - 8);
    return copy;
  });
}

/** A gz stream that ends exactly after a record, without its trailer: DuckDB reads it without a word. */
export function gzCutAtRecordBorder(): Fault {
  return damagedObject('gz cut at a record border', (body) => {
    const text = gunzipSync(body);
    const border = text.lastIndexOf('\n', Math.max(text.length - 2, 0)) + 1;
    return gzipSync(text.subarray(0, border)).subarray(0, -8);
  });
}

/** A whole, sound gz of fewer records: only the row count can tell. */
export function fewerRecords(): Fault {
  return damagedObject('fewer records', (body) => {
    const text = gunzipSync(body);
    return gzipSync(text.subarray(0, text.lastIndexOf('\n', Math.max(text.length - 2, 0)) + 1));
  });
}

export function zeroByteObject(): Fault {
  return damagedObject('zero-byte object', () => Buffer.alloc(0));
}

/** The same content as two gz members, which is allowed and must be read whole. */
export function multiMemberGz(): Fault {
  return damagedObject('multi-member gz', (body) => {
    const text = gunzipSync(body);
    const middle = Math.floor(text.length / 2);
    return Buffer.concat([gzipSync(text.subarray(0, middle)), gzipSync(text.subarray(middle))]);
  });
}

/** One byte flipped in the middle while the hashes still speak of the true object. */
export function flippedByte(): Fault {
  return {
    name: 'flipped byte',
    change: (reply) => {
      const copy = Buffer.from(bodyBytes(reply));
      const middle = Math.floor(copy.length / 2);
      copy[middle] = copy[middle]! ^ 0xff;
      return { ...reply, body: copy };
    },
  };
}

/** The footer of a parquet slice is gone. */
export function truncatedParquetFooter(): Fault {
  return damagedObject('truncated parquet footer', (body) => body.subarray(0, -16));
}

/** Replaces the CSV text of a gz or plain slice: odd characters, huge cells, ragged rows. */
export function rewrittenCsv(rewrite: (text: Buffer) => Buffer): Fault {
  return damagedObject('rewritten csv', (body) => {
    const isGz = body[0] === 0x1f && body[1] === 0x8b;
    return isGz ? gzipSync(rewrite(gunzipSync(body))) : rewrite(body);
  });
}

/** The object is stored as gz *content encoding*, which HTTP clients undo behind one's back. */
export function gzipContentEncoding(): Fault {
  return {
    name: 'content-encoding gzip',
    change: (reply) => ({ ...reply, headers: { ...reply.headers, 'content-encoding': 'gzip' } }),
  };
}

export function alteredManifest(name: string, alter: (entries: ManifestEntry[]) => ManifestEntry[]): Fault {
  return alteredJson<{ entries: ManifestEntry[] }>(name, ({ entries }) => ({ entries: alter(entries) }));
}

export function emptyManifest(): Fault {
  return alteredManifest('empty manifest', () => []);
}

export function shuffledManifest(): Fault {
  return alteredManifest('shuffled manifest', (entries) => [...entries].reverse());
}

export function duplicateEntries(): Fault {
  return alteredManifest('duplicate entries', (entries) => [...entries, ...entries]);
}

/** An entry for an object that never was. */
export function phantomEntry(): Fault {
  return alteredManifest('phantom entry', (entries) => [
    ...entries,
    { url: `${entries[0]!.url}.phantom`, mandatory: true },
  ]);
}

/** The first entry names another bucket, container or account. */
export function foreignBucketEntry(): Fault {
  return alteredManifest('foreign bucket entry', ([first, ...rest]) => [
    {
      url: first!.url.replace(/^(s3:\/\/|gs:\/\/|azure:\/\/[^/]+\/)[^/]+/, '$1somebody-elses-bucket'),
      mandatory: true,
    },
    ...rest,
  ]);
}

/** The first entry points at a host of the test's choice: loopback, link-local, another account. */
export function entryAt(url: string): Fault {
  return alteredManifest(`entry at ${url}`, ([, ...rest]) => [{ url, mandatory: true }, ...rest]);
}

function cloudRefusal(name: string, errors: { s3: CloudError; gcs: CloudError; azure: CloudError }): Fault {
  return {
    name,
    replace: ({ listener }: Incoming) => {
      if (listener === 'gcs') return gcsError(errors.gcs);
      return listener === 'azure' ? azureError(errors.azure) : s3Error(errors.s3);
    },
  };
}

/** Damage that happened before the object was stored, so the cloud's own hashes agree with it. */
function damagedObject(name: string, damage: (body: Buffer) => Buffer): Fault {
  const change = (reply: Reply): Reply => {
    if (reply.status !== 200) return reply;
    const body = damage(bodyBytes(reply));
    return { ...reply, body, headers: { ...reply.headers, ...hashHeaders(reply.headers, body) } };
  };
  return { name, change };
}

function hashHeaders(headers: Record<string, string>, body: Buffer): Record<string, string> {
  const md5 = createHash('md5').update(body).digest();
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32cUpdate(0, body));
  const renewed: Record<string, string> = {};
  if (headers['x-goog-hash']) renewed['x-goog-hash'] = `crc32c=${crc.toString('base64')},md5=${md5.toString('base64')}`;
  if (headers['content-md5']) renewed['content-md5'] = md5.toString('base64');
  if (headers.etag) renewed.etag = `"${md5.toString('hex')}"`;
  return renewed;
}
