/** The part of PHP's strtotime that clients use for `changedSince` and `changedUntil`. */
const unitSeconds: Record<string, number> = {
  second: 1,
  sec: 1,
  minute: 60,
  min: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
};

/** Unix seconds, or undefined for text the service does not understand. */
export function readMoment(text: string, nowMs: number): number | undefined {
  const value = text.trim();
  if (/^\d{1,12}$/.test(value)) return Number(value);
  if (/^@-?\d+$/.test(value)) return Number(value.slice(1));
  const now = Math.floor(nowMs / 1000);
  const midnight = now - (now % 86_400);
  if (value === 'now') return now;
  if (value === 'today' || value === 'midnight') return midnight;
  if (value === 'yesterday') return midnight - 86_400;
  if (value === 'tomorrow') return midnight + 86_400;
  const relative = /^([+-])\s*(\d+)\s*([a-z]+?)s?$/i.exec(value);
  if (relative) {
    const unit = unitSeconds[relative[3]!.toLowerCase()];
    return unit === undefined ? undefined : now + (relative[1] === '-' ? -1 : 1) * Number(relative[2]) * unit;
  }
  if (!/^\d{4}-\d{2}-\d{2}/.test(value)) return undefined;
  const iso = value.replace(' ', 'T').replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
  const parsed = Date.parse(/Z$|[+-]\d\d:\d\d$/.test(iso) || iso.length === 10 ? iso : `${iso}Z`);
  return Number.isNaN(parsed) ? undefined : Math.floor(parsed / 1000);
}
