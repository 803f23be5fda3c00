/** A value of an event as the text its column takes: one text for each value, so that keys that mean the same are the same. */
import { jsonText } from '../json-text.ts';
import type { ReceivedColumn } from '../receive-way.ts';
import { momentText } from './version-text.ts';

/** Null for what does not fit the type, and for nothing at all. An object or a list fits text alone, as its JSON. */
export function fitValue(type: ReceivedColumn['type'], value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'object') return type === 'VARCHAR' ? jsonText(value) : null;
  const text = String(value);
  return type === 'VARCHAR' ? text : fit[type](text.trim());
}

const largest = 2n ** 63n;

const fit: Record<Exclude<ReceivedColumn['type'], 'VARCHAR'>, (text: string) => string | null> = {
  BIGINT: (text) => {
    if (!/^[+-]?\d{1,40}$/.test(text)) return null;
    const number = BigInt(text.replace('+', ''));
    return number >= -largest && number < largest ? number.toString() : null;
  },
  DOUBLE: (text) => {
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null;
    const number = Number(text);
    // Zero has one text.
    return Number.isFinite(number) ? String(number === 0 ? 0 : number) : null;
  },
  BOOLEAN: (text) => (/^(true|1)$/i.test(text) ? 'true' : /^(false|0)$/i.test(text) ? 'false' : null),
  DATE: (text) => momentText(text)?.slice(0, 10) ?? null,
  TIMESTAMP: momentText,
};
