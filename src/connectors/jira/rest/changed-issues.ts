/** Which of the issues a search found have to be read again. */
import type { PollWork } from '../../receive-way.ts';
import type { FoundIssue } from './search.ts';

/** The ids of those that changed since the site itself showed them last: events about their parts may be lost although their own arrived. */
export async function changedAmong(work: PollWork, table: string, found: readonly FoundIssue[]): Promise<string[]> {
  const known = await work.known(
    table,
    found.map((one) => one.id),
  );
  const changed = found.filter(({ id, updated }) => {
    const here = known.get(id);
    const isNewer = updatedIn(here?.version ?? null) < (updated ?? Number.POSITIVE_INFINITY);
    const wasShown = (here?.shownAt ?? Number.NEGATIVE_INFINITY) > (updated ?? Number.POSITIVE_INFINITY);
    return !wasShown || isNewer;
  });
  // A search may show one twice.
  return [...new Set(changed.map(({ id }) => id))];
}

/** Milliseconds in a version of ours; a mere mention has none. */
function updatedIn(version: string | null): number {
  const [kind, updated] = (version ?? '').split('|');
  return kind === '1' && updated !== undefined ? Number.parseInt(updated, 10) : -1;
}
