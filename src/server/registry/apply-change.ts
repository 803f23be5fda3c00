/** A registered table with a change applied, as it would be said anew. Pure. */
import type { RegisteredTable } from '../../system/table-registry.ts';

type Said = Record<string, unknown>;

/** Given fields replace, absent ones stay, null goes back to the default; options are merged key by key in the same way. */
export function applyChange(table: RegisteredTable, change: Said): Said {
  const { registered_by: _by, registered_at: _at, ...now } = table;
  const after: Said = { ...now, ...change };
  if (isRecord(change.options)) after.options = mergeOptions(table.options, change.options);
  return after;
}

/** Whether the source must be asked again before the change can hold. */
export function touchesSource(change: Said): boolean {
  return ['bucket', 'source_table', 'sync_strategy', 'query_mode', 'primary_key', 'options'].some(
    (field) => field in change,
  );
}

function mergeOptions(now: Said, change: Said): Said {
  const merged = { ...now, ...change };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

function isRecord(value: unknown): value is Said {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
