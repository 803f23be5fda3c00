/** Azure service SAS: minting and checking, version 2020-10-02. */
import { createHmac, timingSafeEqual } from 'node:crypto';

const sasVersion = '2020-10-02';

export interface SasGrant {
  account: string;
  container: string;
  /** Present for a SAS on one blob. */
  blob?: string;
  permissions: string;
  startsMs: number;
  expiresMs: number;
  /** Base64 account key. */
  key: string;
}

export function mintSas(grant: SasGrant): string {
  const query = new URLSearchParams({
    sv: sasVersion,
    st: sasDate(grant.startsMs),
    se: sasDate(grant.expiresMs),
    sr: grant.blob === undefined ? 'c' : 'b',
    sp: grant.permissions,
  });
  query.set('sig', sign(query, grant));
  return query.toString();
}

export type SasVerdict = 'ok' | 'no-sas' | 'bad-signature' | 'outside-time' | 'no-permission';

export function checkSas(
  query: URLSearchParams,
  target: { account: string; container: string; blob?: string; need: 'r' | 'l'; key: string; nowMs: number },
): SasVerdict {
  const given = query.get('sig');
  if (!given) return 'no-sas';
  const expected = sign(query, target);
  if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected)))
    return 'bad-signature';
  const starts = query.get('st');
  if (starts && target.nowMs < Date.parse(starts)) return 'outside-time';
  if (target.nowMs >= Date.parse(query.get('se') ?? '')) return 'outside-time';
  return query.get('sp')?.includes(target.need) ? 'ok' : 'no-permission';
}

function sign(
  query: URLSearchParams,
  target: { account: string; container: string; blob?: string; key: string },
): string {
  const blob = query.get('sr') === 'b' ? `/${target.blob}` : '';
  const field = (name: string) => query.get(name) ?? '';
  const lines = [
    field('sp'),
    field('st'),
    field('se'),
    `/blob/${target.account}/${target.container}${blob}`,
    field('si'),
    field('sip'),
    field('spr'),
    field('sv'),
    field('sr'),
    '',
    ...['rscc', 'rscd', 'rsce', 'rscl', 'rsct'].map(field),
  ];
  return createHmac('sha256', Buffer.from(target.key, 'base64')).update(lines.join('\n')).digest('base64');
}

function sasDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
