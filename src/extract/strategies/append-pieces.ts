/** incremental by append of a source that shows all its pieces in every run: new and changed pieces are read, those that are gone take their rows along. */
import type { TableRequest } from '../../connectors/table-request.ts';

import type { StrategyAnswer } from '../loaded.ts';
import type { Run } from '../run.ts';
import type { Before } from '../table-before.ts';
import { loadPieces } from './full-refresh.ts';
import { requestForAll } from './request-for-all.ts';
import { whyAllPieces } from './why-full.ts';

export async function appendPieces(run: Run, table: TableRequest, before: Before): Promise<StrategyAnswer> {
  const reason = whyAllPieces(run.request, table, before.state);
  const plan = await run.reading.plan(table, requestForAll(run, before, reason !== null));
  if (plan.kind !== 'read') return plan;
  const anew = reason === null ? run : { ...run, request: { ...run.request, full: true } };
  const loaded = await loadPieces(anew, table, plan, before);
  const lastFullAt = reason === null ? (before.state?.last_full_at ?? null) : new Date().toISOString();
  return { kind: 'loaded', loaded: { ...loaded, lastFullAt } };
}
