/** Signatures of pushed events: HMAC-SHA256 over the exact bytes, compared in constant time, with more than one secret while one replaces another. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { AttacheError, toAttacheError } from '../errors/attache-error.ts';
import type { SourceContext } from './source-context.ts';

/** The settings by which a source names its secrets. */
export interface SecretNames {
  secret_env?: string | undefined;
  secrets_env?: readonly string[] | undefined;
}

/** Those of the named secrets that are set; `unavailable` when none is, because an empty key would sign for anyone. */
export function signingSecrets(context: SourceContext<SecretNames>): string[] {
  const { secret_env, secrets_env } = context.settings;
  const names = [...(secret_env === undefined ? [] : [secret_env]), ...(secrets_env ?? [])];
  const values = names.flatMap((name) => secretOrNone(context, name)).filter((value) => value.trim() !== '');
  if (values.length > 0) return values;
  throw new AttacheError('unavailable', {
    message: `The source ${context.source} has no secret to check events with.`,
    hint: `Set ${names.join(' or ') || 'secret_env'} for the process that runs \`da serve\`.`,
    retryable: true,
  });
}

/** For a check of the source: what keeps events from being proven. */
export function secretWarnings(keys: () => unknown): string[] {
  try {
    keys();
    return [];
  } catch (thrown) {
    const { message, hint } = toAttacheError(thrown);
    return [`Every event is refused: ${message} ${hint ?? ''}`.trim()];
  }
}

function secretOrNone(context: SourceContext<unknown>, name: string): string[] {
  try {
    return [context.secret(name)];
  } catch (thrown) {
    if (toAttacheError(thrown).code === 'internal') throw thrown;
    return [];
  }
}

/** Whether `given` is the signature of `parts` under one of the keys. */
export function isSigned(given: Buffer, keys: readonly (string | Buffer)[], ...parts: (string | Buffer)[]): boolean {
  let found = false;
  for (const key of keys) {
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(part);
    const wanted = hmac.digest();
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) found = true;
  }
  return found;
}

/** 64 hexadecimal digits as bytes; null for anything else. */
export function hexDigest(text: string): Buffer | null {
  return /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : null;
}

export function unsigned(source: string, why: string): AttacheError {
  return new AttacheError('unauthorized', {
    message: `The event for ${source} is not signed as it should be: ${why}.`,
    hint: 'Compare the secret on both sides.',
  });
}
