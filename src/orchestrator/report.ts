/** What a rebuild tells: what is live, what is stale, and every problem. Pure. */
import type { Rebuilt } from './rebuild.ts';
import type { RebuildReport } from './shapes.ts';

export function reportOf({ saved, problems, changed }: Rebuilt): Omit<RebuildReport, 'looking'> {
  const report: Omit<RebuildReport, 'looking'> = {
    live: [],
    stale: [],
    problems,
    claims: new Map(Object.entries(saved.claims)),
    generation: saved.generation,
    changed,
  };
  for (const [source, { tables, failure }] of Object.entries(saved.sources)) {
    for (const [table, { stale, rows }] of Object.entries(tables)) {
      if (stale === null) report.live.push({ source, table, rows });
      else report.stale.push({ source, table, reason: stale });
    }
    if (failure !== null && Object.keys(tables).length === 0) {
      report.stale.push({ source, table: null, reason: failure.message });
    }
  }
  return report;
}
