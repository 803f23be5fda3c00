/** The signature and the headers of one attempt. */
import { createHmac } from 'node:crypto';
import type { Delivery } from './delivery.ts';

/** `sha256=` and the HMAC over the raw body bytes. */
export function signBody(body: string | Uint8Array, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

export interface Attempt {
  /** Retries so far; the first attempt has no such header. */
  retry?: number;
  /** Another identifier: the same event sent by a second registration. */
  identifier?: string;
}

export function headersOf(
  delivery: Delivery,
  secret: string | undefined,
  attempt: Attempt = {},
): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'User-Agent': 'Atlassian Webhook HTTP Client',
    'X-Atlassian-Webhook-Identifier': attempt.identifier ?? delivery.identifier,
    'X-Atlassian-Webhook-Flow': delivery.flow,
    ...(attempt.retry ? { 'X-Atlassian-Webhook-Retry': String(attempt.retry) } : {}),
    ...(secret === undefined ? {} : { 'X-Hub-Signature': signBody(delivery.body, secret) }),
  };
}
