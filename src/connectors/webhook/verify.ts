/** Proves who sent an event: Standard Webhooks, or one header with an HMAC. */

import { AttacheError } from '../../errors/attache-error.ts';
import type { IncomingEvent } from '../receive-way.ts';
import { hexDigest, isSigned, signingSecrets, unsigned } from '../signature.ts';
import type { SourceContext } from '../source-context.ts';
import type { WebhookSettings } from './settings.ts';

const toleranceSeconds = 5 * 60;

export function verify(context: SourceContext<WebhookSettings>, event: IncomingEvent): void {
  const keys = signingKeys(context);
  if (context.settings.signature === 'standard-webhooks') verifyStandard(context.source, keys, event);
  else verifyHeader(context, keys, event);
}

/** The keys that may sign; `unavailable` when there is none, so that the sender tries again once there is. */
export function signingKeys(context: SourceContext<WebhookSettings>): (string | Buffer)[] {
  const secrets = signingSecrets(context);
  if (context.settings.signature === 'hmac-sha256') return secrets;
  const keys = secrets.flatMap((secret) => decodedKey(secret.trim().replace(/^whsec_/, '')));
  if (keys.length > 0) return keys;
  throw new AttacheError('unavailable', {
    message: `The secret of the source ${context.source} is no key of Standard Webhooks.`,
    hint: 'Such a key is base64, with or without whsec_ before it; for any other text set signature: hmac-sha256.',
    retryable: true,
  });
}

function decodedKey(text: string): Buffer[] {
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? [Buffer.from(text, 'base64')].filter((key) => key.length > 0) : [];
}

function verifyStandard(source: string, keys: (string | Buffer)[], { headers, body, receivedAt }: IncomingEvent): void {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const given = headers['webhook-signature'];
  if (id === undefined || given === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp))
    throw unsigned(source, 'webhook-id, webhook-timestamp or webhook-signature is missing');
  if (Math.abs(receivedAt / 1_000 - Number(timestamp)) > toleranceSeconds)
    throw unsigned(source, 'its time is more than five minutes from ours');
  const matches = given
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .some((one) => isSigned(Buffer.from(one.slice(3), 'base64'), keys, `${id}.${timestamp}.`, body));
  if (!matches) throw unsigned(source, 'no signature fits');
}

function verifyHeader(
  { source, settings }: SourceContext<WebhookSettings>,
  keys: (string | Buffer)[],
  { headers, body }: IncomingEvent,
): void {
  const { header = 'x-signature' } = settings;
  const digest = hexDigest((headers[header] ?? '').replace(/^sha256=/, ''));
  if (digest === null) throw unsigned(source, `the header ${header} holds no digest`);
  if (!isSigned(digest, keys, body)) throw unsigned(source, 'the digest does not fit');
}
