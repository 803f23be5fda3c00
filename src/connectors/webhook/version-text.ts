/** Versions as text that sorts as they do: instants by time, numbers by size, other text as it is. */
import { isRealDay } from '../real-day.ts';

const instant =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;
const digitsOfNumber = 40;

/** Null for what has no order of its own: nothing, an object, a negative or endless number, a date that is in no calendar. */
export function versionText(value: unknown): string | null {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))) return numberText(value);
  if (typeof value !== 'string' || value === '') return null;
  const time = instantOf(value);
  // As text it would sort after every time there is.
  if (time === null && instant.test(value)) return null;
  return time === null ? `t${value}` : `d${new Date(time.seconds * 1_000).toISOString().slice(0, 19)}.${time.fraction}`;
}

/** Milliseconds of an instant in ISO 8601, in UTC where it names no zone; null for anything else. */
export function momentOf(value: unknown): number | null {
  const time = typeof value === 'string' ? instantOf(value) : null;
  return time === null ? null : time.seconds * 1_000 + Math.floor(Number(time.fraction) / 1_000_000);
}

/** An instant as the text of a UTC time, to the microsecond; null for anything else. */
export function momentText(text: string): string | null {
  const time = instantOf(text);
  if (time === null) return null;
  return `${new Date(time.seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ')}.${time.fraction.slice(0, 6)}`;
}

function instantOf(text: string): { seconds: number; fraction: string } | null {
  const match = instant.exec(text);
  if (match === null) return null;
  if (!isRealDay(match[1] as string)) return null;
  const [, day, minutes = '00:00', seconds = '00', fraction = '', zone = 'Z'] = match;
  const offset =
    zone.toUpperCase() === 'Z' ? 'Z' : zone.replace(/^([+-]\d{2}):?(\d{2})?$/, '$1:$2').replace(/:$/, ':00');
  const at = Date.parse(`${day}T${minutes}:${seconds}${offset}`);
  return Number.isNaN(at) ? null : { seconds: at / 1_000, fraction: fraction.padEnd(9, '0') };
}

function numberText(value: number | string): string | null {
  const text = typeof value === 'number' && Number.isInteger(value) ? BigInt(value).toString() : String(value);
  const match = /^0*(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null || match[1]!.length > digitsOfNumber) return null;
  return `n${match[1]!.padStart(digitsOfNumber, '0')}.${(match[2] ?? '').replace(/0+$/, '')}`;
}
