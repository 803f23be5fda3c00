/** Asks a source for the whole of a table, and says what is known of it already. */
import type { PlanRequest } from '../../connectors/read-way.ts';
import type { Run } from '../run.ts';
import type { Before } from '../table-before.ts';

/** `anew`: what did not change is read all the same. */
export function requestForAll({ request }: Pick<Run, 'request'>, before: Before, anew: boolean): PlanRequest {
  return {
    range: { kind: 'all' },
    previousFingerprint: anew ? null : (before.state?.fingerprint ?? null),
    previousColumns: before.columns,
    remembered: before.state?.remembered ?? null,
    full: request.full ?? false,
  };
}
