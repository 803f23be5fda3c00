/** The burst limit: a bucket per method and route, in real time. */
import type { FullOptions } from '../options.ts';

/** Headers of the refusal, or undefined while there are tokens. */
export type RateLimit = (method: string, route: string) => Record<string, string> | undefined;

export function createRateLimit(setting: FullOptions['rateLimit']): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (method, route) => {
    if (!setting) return undefined;
    const name = `${method} ${route}`;
    const now = performance.now();
    const bucket = buckets.get(name) ?? { tokens: setting.burst, at: now };
    const refilled = Math.min(setting.burst, bucket.tokens + ((now - bucket.at) / 1_000) * setting.perSecond);
    const allowed = refilled >= 1;
    buckets.set(name, { tokens: allowed ? refilled - 1 : refilled, at: now });
    return allowed ? undefined : limitHeaders(String(setting.retryAfterSeconds ?? 1), 'jira-burst-based');
  };
}

/** Headers of a 429; without `retryAfter` the client has to guess. */
export function limitHeaders(retryAfter: string | undefined, reason: string): Record<string, string> {
  return {
    ...(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }),
    'X-RateLimit-Limit': '100',
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': new Date(Date.now() + 1_000).toISOString(),
    'RateLimit-Reason': reason,
  };
}
