/** Who may read: Basic on Cloud, Bearer or Basic on Server, and a scoped token only behind the gateway. */
import type { FullOptions } from '../options.ts';

export type Verdict = 'ok' | 'missing' | 'wrong';

export function authenticate(header: string | undefined, viaGateway: boolean, options: FullOptions): Verdict {
  if (header === undefined) return 'missing';
  const [scheme, value = ''] = header.split(' ');
  const { email, token, scopedToken } = options.auth;
  const expected = viaGateway ? scopedToken : token;
  if (scheme?.toLowerCase() === 'basic') {
    return Buffer.from(value, 'base64').toString() === `${email}:${expected}` ? 'ok' : 'wrong';
  }
  const bearerWorks = viaGateway || options.flavour === 'server';
  return scheme?.toLowerCase() === 'bearer' && bearerWorks && value === expected ? 'ok' : 'wrong';
}
