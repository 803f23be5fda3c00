/** Dates that a condition may name relative to today, so that a filter moves with the calendar. Pure. */
import { closest } from '../../errors/closest.ts';

type Day = { year: number; month: number; day: number };

const placeholders: Record<string, (today: Day) => Day> = {
  today: (today) => today,
  yesterday: (today) => daysBefore(today, 1),
  last_week: (today) => daysBefore(today, 7),
  last_month: (today) => monthsBefore(today, 1),
  last_2_months: (today) => monthsBefore(today, 2),
  last_3_months: (today) => monthsBefore(today, 3),
  last_6_months: (today) => monthsBefore(today, 6),
  last_year: (today) => monthsBefore(today, 12),
  last_2_years: (today) => monthsBefore(today, 24),
  start_of_month: (today) => ({ ...today, day: 1 }),
  start_of_year: (today) => ({ ...today, month: 1, day: 1 }),
  start_of_3_months_ago: (today) => ({ ...monthsBefore(today, 3), day: 1 }),
};

/** The text with each `{{name}}` replaced by a date such as 2024-01-31, in UTC; `unknown` is the first name there is none for. */
export function withDates(text: string, now: Date): { text: string } | { unknown: string; meant: string | null } {
  const names = [...text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map(([, name]) => name ?? '');
  const unknown = names.find((name) => !Object.hasOwn(placeholders, name));
  if (unknown !== undefined) return { unknown, meant: closest(unknown, Object.keys(placeholders)) };
  const today = { year: now.getUTCFullYear(), month: now.getUTCMonth() + 1, day: now.getUTCDate() };
  return {
    text: text.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) => written(placeholders[name]?.(today) ?? today)),
  };
}

/** The names there are. */
export const placeholderNames: readonly string[] = Object.keys(placeholders);

function daysBefore({ year, month, day }: Day, days: number): Day {
  const date = new Date(Date.UTC(year, month - 1, day - days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** The same day of an earlier month, or its last one: a month before 31 March is the end of February. */
function monthsBefore({ year, month, day }: Day, months: number): Day {
  const first = new Date(Date.UTC(year, month - 1 - months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return { year: first.getUTCFullYear(), month: first.getUTCMonth() + 1, day: Math.min(day, last) };
}

function written({ year, month, day }: Day): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
