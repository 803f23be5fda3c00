/** Moments: read with whatever offset the acting user had, kept in UTC. */
import { isRealDay } from '../real-day.ts';

const written = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?\s*(Z|[+-]\d{2}(?::?\d{2})?)$/;

/** Milliseconds since the epoch, or null when it is no moment with an offset. */
export function readMoment(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const found = written.exec(value);
  if (found === null) return null;
  const [, date, time, fraction = '', zone = 'Z'] = found;
  if (!isRealDay(date as string)) return null;
  const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.length === 3 ? '00' : zone.slice(-2)}`;
  const at = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${offset}`);
  return Number.isNaN(at) ? null : at;
}

/** A moment that may also be a number, as in histories read in bulk: milliseconds since the epoch, or, as Atlassian's page has it, seconds. */
export function readInstant(value: unknown): number | null {
  if (typeof value !== 'number') return readMoment(value);
  const ms = value < 1e11 ? value * 1_000 : value;
  return Number.isNaN(new Date(ms).getTime()) ? null : ms;
}

/** UTC text a TIMESTAMP column takes. */
export function momentText(at: number | null): string | null {
  if (at === null) return null;
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? null : `${date.toISOString().replace('T', ' ').slice(0, -1)}000`;
}

export function utcText(value: unknown): string | null {
  return momentText(readMoment(value));
}

/** Text that sorts as the moment does. */
export function sortable(at: number): string {
  return String(Math.max(0, Math.floor(at))).padStart(15, '0');
}
