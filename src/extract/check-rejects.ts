/** Decides whether a table with rejected rows may go live. */
import type { ReadPlan } from '../connectors/read-way.ts';
import { AttacheError } from '../errors/attache-error.ts';

/** A few bad rows are left out and shown; too many mean that something is wrong with all of them. */
export function checkRejects(plan: ReadPlan, rejected: number, loaded: number): void {
  const limits = plan.rejectLimits ?? { rows: 0, ratio: null };
  const share = rejected / Math.max(1, rejected + loaded);
  const tooMany = limits.rows !== null && rejected > limits.rows;
  const tooLarge = limits.ratio !== null && share > limits.ratio;
  if (!tooMany && !tooLarge) return;
  const allowed = tooMany ? `${limits.rows} are` : `${(limits.ratio ?? 0) * 100} % are`;
  throw new AttacheError('too_many_rejects', {
    message: `${rejected} of ${rejected + loaded} rows do not fit the table; ${allowed} allowed.`,
    hint: 'The table keeps its data. Look at the rejected rows of this job, then correct the file, or raise max_reject_rows or max_reject_ratio of the table.',
  });
}
