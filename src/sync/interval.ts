/** The words for an interval: `every 15m`. */
import { AttacheError } from '../errors/attache-error.ts';

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of `every 30s`, `every 15m` or `every 2h`; anything else is refused. */
export function parseInterval(text: string): number {
  const [, count, unit] = /^every ([1-9]\d{0,4})([smh])$/.exec(text.trim()) ?? [];
  if (count !== undefined && unit !== undefined) return Number(count) * units[unit as keyof typeof units];
  throw new AttacheError('config_invalid', {
    message: `The schedule ${JSON.stringify(text)} cannot be understood.`,
    hint: 'Write an interval such as every 15m or every 2h.',
  });
}
