/** Mints the short-lived credentials of file details and remembers what each may reach. */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { FileProvider } from '../world.ts';
import { mintSas } from './sas.ts';

export interface Grant {
  bucket: string;
  prefix: string;
  expiresMs: number;
}

const lifeMs: Record<FileProvider, number> = { aws: 12 * 3_600_000, azure: 12 * 3_600_000, gcp: 3_599_000 };

/** The service's own standing key, with which it signs URLs. */
export const serviceKey = { accessKeyId: 'AKIAKEBOOLADOUBLE000', secret: randomBytes(30).toString('base64') };

export class Credentials {
  readonly #clock: Clock;
  readonly #s3 = new Map<string, Grant & { secret: string; sessionToken: string }>();
  readonly #gcs = new Map<string, Grant>();
  readonly #sas = new Map<string, Grant>();
  /** Overrides every life, when the test asks. */
  lifeMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  mintS3(bucket: string, prefix: string) {
    const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const secret = randomBytes(30).toString('base64');
    const sessionToken = randomBytes(180).toString('base64');
    const expiresMs = this.#expiry('aws');
    this.#s3.set(accessKeyId, { bucket, prefix, expiresMs, secret, sessionToken });
    return { accessKeyId, secret, sessionToken, expiresMs };
  }

  mintGcs(bucket: string, prefix: string) {
    const token = `ya29.${randomBytes(60).toString('base64url')}`;
    const expiresMs = this.#expiry('gcp');
    this.#gcs.set(token, { bucket, prefix, expiresMs });
    return { token, expiresIn: Math.floor((expiresMs - this.#clock.now()) / 1000) };
  }

  mintAzure(account: string, container: string, key: string) {
    const expiresMs = this.#expiry('azure');
    // Two SAS minted in one second would be equal; the start time tells them apart.
    const startsMs = this.#clock.now() - 3_600_000 - this.#sas.size * 1000;
    const sas = mintSas({ account, container, permissions: 'rl', startsMs, expiresMs, key });
    this.#sas.set(signatureOf(sas), { bucket: container, prefix: '', expiresMs });
    return { sas, expiresMs };
  }

  s3(accessKeyId: string) {
    return this.#s3.get(accessKeyId);
  }

  gcs(token: string) {
    return this.#gcs.get(token);
  }

  azure(query: URLSearchParams) {
    return this.#sas.get(query.get('sig') ?? '');
  }

  /** Ends the life of everything minted so far; the next file detail mints anew. */
  expireAll(): void {
    for (const grant of [...this.#s3.values(), ...this.#gcs.values(), ...this.#sas.values()])
      grant.expiresMs = this.#clock.now();
  }

  #expiry(provider: FileProvider): number {
    return this.#clock.now() + (this.lifeMs ?? lifeMs[provider]);
  }
}

function signatureOf(sas: string): string {
  return new URLSearchParams(sas).get('sig') ?? '';
}

/** A signed GCS URL carries its expiry and a signature over bucket, key and expiry. */
export function gcsUrlSignature(bucket: string, key: string, expires: string): string {
  return createHash('sha256').update(`${serviceKey.secret}\n${bucket}\n${key}\n${expires}`).digest('base64url');
}
