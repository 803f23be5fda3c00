/** What every row is told with: whose tables, when the source showed it, and which of two tellings is newer. */
import type { ReceivedChange } from '../receive-way.ts';
import type { Row } from './json.ts';
import type { JiraSettings } from './settings.ts';
import { type TableName, tableId } from './tables.ts';
import { sortable } from './times.ts';

export interface Evidence {
  settings: JiraSettings;
  /** Milliseconds: the envelope's time, or when the site answered. */
  at: number;
}

/** A row whose entity tells when it last changed. */
export function changedAt(updated: number | null, { at }: Evidence): string {
  return `1|${sortable(updated ?? 0)}|${sortable(at)}`;
}

/** A row whose entity has no time of its own, so that the envelope's decides. */
export function toldAt({ at }: Evidence): string {
  return `1|${sortable(at)}`;
}

/** A mere mention: any full telling is newer. */
export function mentionedAt({ at }: Evidence): string {
  return `0|${sortable(at)}`;
}

export function row(
  evidence: Evidence,
  table: TableName,
  key: string | readonly string[],
  version: string,
  values: Row,
  group?: string,
): ReceivedChange {
  return {
    kind: 'row',
    table: tableId(evidence.settings, table),
    key: typeof key === 'string' ? [key] : key,
    version,
    seen: evidence.at,
    row: values,
    ...(group === undefined ? {} : { group }),
  };
}

export function gone(evidence: Evidence, table: TableName, key: string): ReceivedChange {
  return { kind: 'gone', table: tableId(evidence.settings, table), key: [key], at: evidence.at };
}
