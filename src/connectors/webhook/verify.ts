/** Proves who sent an event: Standard Webhooks, or one header with an HMAC. */

import type { IncomingEvent } from '../receive-way.ts';
import { hexDigest, isSigned, signingSecrets, unsigned } from '../signature.ts';
import type { SourceContext } from '../source-context.ts';
import type { WebhookSettings } from './settings.ts';

const toleranceSeconds = 5 * 60;

export function verify(context: SourceContext<WebhookSettings>, event: IncomingEvent): void {
  const secrets = signingSecrets(context);
  if (context.settings.signature === 'standard-webhooks') verifyStandard(context.source, secrets, event);
  else verifyHeader(context, secrets, event);
}

function verifyStandard(
  source: string,
  secrets: readonly string[],
  { headers, body, receivedAt }: IncomingEvent,
): void {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const given = headers['webhook-signature'];
  if (id === undefined || given === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp))
    throw unsigned(source, 'webhook-id, webhook-timestamp or webhook-signature is missing');
  if (Math.abs(receivedAt / 1_000 - Number(timestamp)) > toleranceSeconds)
    throw unsigned(source, 'its time is more than five minutes from ours');
  const keys = secrets
    .map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .filter((key) => key.length > 0);
  const matches = given
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .some((one) => isSigned(Buffer.from(one.slice(3), 'base64'), keys, `${id}.${timestamp}.`, body));
  if (!matches) throw unsigned(source, 'no signature fits');
}

function verifyHeader(
  { source, settings }: SourceContext<WebhookSettings>,
  secrets: readonly string[],
  { headers, body }: IncomingEvent,
): void {
  const digest = hexDigest((headers[settings.header] ?? '').replace(/^sha256=/, ''));
  if (digest === null) throw unsigned(source, `the header ${settings.header} holds no digest`);
  if (!isSigned(digest, secrets, body)) throw unsigned(source, 'the digest does not fit');
}
