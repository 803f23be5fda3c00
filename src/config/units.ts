/** Durations and sizes as people write them. */
import { z } from 'zod';
import { parseSize } from '../connectors/byte-size.ts';

const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `15m`, `1h`, `30s` as milliseconds; null when it is not one. */
function parseDuration(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim());
  if (found === null) return null;
  return Number(found[1]) * milliseconds[found[2] as keyof typeof milliseconds];
}

/** `every 15m`, `every 2h`: the interval of a schedule in milliseconds; null when it is not one. */
export function parseSchedule(text: string): number | null {
  const found = /^every\s+(\d+[mh])$/.exec(text.trim());
  const interval = found === null ? null : parseDuration(found[1]!);
  return interval === 0 ? null : interval;
}

export const duration = z
  .string()
  .refine((text) => (parseDuration(text) ?? -1) >= 0, { error: 'expected a duration, e.g. 15m, 30s or 1h' })
  .transform((text) => parseDuration(text) as number);

export const size = z
  .string()
  .refine((text) => (parseSize(text) ?? 0) > 0, { error: 'expected a size, e.g. 2GB or 512MiB' });

export const schedule = z
  .string()
  .refine((text) => parseSchedule(text) !== null, { error: 'expected an interval, e.g. every 15m or every 2h' });
