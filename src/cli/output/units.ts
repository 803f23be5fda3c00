/** Sizes, counts and ages in words for people. */

const sizes = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `1234567` becomes `1.2 MB`. */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < sizes.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${sizes[unit]}`;
}

/** `1234567` becomes `1,234,567`; what is not known is said to be unknown. */
export function humanCount(count: number | null): string {
  return count === null ? 'unknown' : count.toLocaleString('en-US');
}

/** `orders` for one, `2 tables` for more. */
export function plural(count: number, noun: string): string {
  return `${humanCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

const steps: [limit: number, divisor: number, unit: string][] = [
  [90, 1, 'second'],
  [90 * 60, 60, 'minute'],
  [36 * 3600, 3600, 'hour'],
  [Number.POSITIVE_INFINITY, 86_400, 'day'],
];

/** How long ago an ISO time was. */
export function humanAge(iso: string | null, now = Date.now()): string {
  if (iso === null || Number.isNaN(Date.parse(iso))) return 'unknown';
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 5) return 'just now';
  const [, divisor, unit] = steps.find(([limit]) => seconds < limit) as (typeof steps)[number];
  return `${plural(Math.round(seconds / divisor), unit)} ago`;
}
