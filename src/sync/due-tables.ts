/** Which tables an interval scheduler starts now. Pure. */
import type { SyncState } from '../system/sync-state.ts';
import type { RegisteredTable } from '../system/table-registry.ts';

export interface DueQuestion {
  registered: readonly RegisteredTable[];
  states: ReadonlyMap<string, Pick<SyncState, 'last_attempt'>>;
  /** Milliseconds between runs of a source. */
  intervalOf(source: string): number;
  now: number;
  /** A run that began a little after its tick still counts for the next one: without it every second tick is skipped. */
  toleranceMs: number;
}

/** A table never tried is due; so is one whose last attempt, good or bad, is an interval old, or lies in the future of a clock set back. */
export function dueTables({ registered, states, intervalOf, now, toleranceMs }: DueQuestion): string[] {
  return registered
    .filter((table) => {
      const last = Date.parse(states.get(table.id)?.last_attempt ?? '');
      if (Number.isNaN(last) || last > now) return true;
      return now - last >= intervalOf(table.source_name) - toleranceMs;
    })
    .map((table) => table.id);
}
