/** Whether a date is in the calendar: Date.parse takes the 30th of February for the 2nd of March, which nobody wrote. */

/** `day` as YYYY-MM-DD. */
export function isRealDay(day: string): boolean {
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === day;
}
