/** How Jira writes moments: with the offset of whoever acts, in UTC for sprints, and our text form for tables. */
const minute = 60_000;

/** Zones without daylight saving, so that an offset is a constant. */
export const zoneOffsets: Readonly<Record<string, number>> = {
  'Etc/UTC': 0,
  'America/Phoenix': -420,
  'Asia/Kolkata': 330,
  'Europe/Istanbul': 180,
  'Pacific/Honolulu': -600,
};

export function offsetOf(zone: string): number {
  const offset = zoneOffsets[zone];
  if (offset === undefined) throw new Error(`The double knows no zone ${zone}: ${Object.keys(zoneOffsets).join(', ')}`);
  return offset;
}

/** `2026-03-01T10:00:00.000-0700` */
export function jiraTime(at: number, offsetMinutes: number): string {
  const local = new Date(at + offsetMinutes * minute).toISOString().slice(0, -1);
  const size = Math.abs(offsetMinutes);
  const digits = `${Math.floor(size / 60)}`.padStart(2, '0') + `${size % 60}`.padStart(2, '0');
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${digits}`;
}

/** `2026-03-01T17:00:00.000Z` */
export function zuluTime(at: number): string {
  return new Date(at).toISOString();
}

/** `2026-03-01 17:00:00.000000`, always UTC, always six digits: strftime(x, '%Y-%m-%d %H:%M:%S.%f') in DuckDB. */
export function microseconds(at: number): string {
  return `${new Date(at).toISOString().replace('T', ' ').slice(0, -1)}000`;
}

/** Reads `yyyy-MM-dd[ HH:mm]` (also with slashes) as wall-clock time of a zone; undefined when it is no such thing. */
export function readWallClock(text: string, offsetMinutes: number): number | undefined {
  const match = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?: (\d{1,2}):(\d{2}))?$/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, min] = match.slice(1).map((part) => Number(part ?? 0));
  return Date.UTC(year!, month! - 1, day!, hour!, min!) - offsetMinutes * minute;
}
