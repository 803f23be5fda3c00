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

/** A duration within limits: a timer of Node holds no more than 24 days, and fires at once for more. */
export function durationBetween(least: string, most: string) {
  const fits = (time: number) => time >= (parseDuration(least) ?? 0) && time <= (parseDuration(most) ?? 0);
  return duration.refine(fits, { error: `expected a duration from ${least} to ${most}, e.g. 15m or 4h` });
}

/** With less than this no DuckDB and no child process of Node comes up. */
const leastMemory = 100e6;

export const memory = z
  .string()
  .refine((text) => parseSize(text) !== null, { error: 'expected a size, e.g. 2GB or 512MiB' })
  .refine((text) => (parseSize(text) ?? leastMemory) >= leastMemory, { error: 'expected at least 100MB' });

/** A whole number, also as text: the environment and flags have nothing else. */
export function wholeNumber(least: number, most: number, error: string) {
  const digits = z.string({ error }).regex(/^\d+$/, { error }).transform(Number);
  return z
    .union([z.number(), digits], { error })
    .pipe(z.number().int({ error }).min(least, { error }).max(most, { error }));
}

export const schedule = z
  .string()
  .refine((text) => parseSchedule(text) !== null, { error: 'expected an interval, e.g. every 15m or every 2h' });
