/** When an incremental table is read in full. Pure but for the clock. */

import { durationMs } from '../../connectors/table-options.ts';
import type { TableRequest } from '../../connectors/table-request.ts';
import type { ExtractRequest } from '../shapes.ts';
import type { TableState } from '../table-state.ts';

const defaultFullEvery = '7d';

/** Why everything must be read, or null when the changes are enough. */
export function whyFull(
  request: Pick<ExtractRequest, 'full' | 'since'>,
  table: TableRequest,
  state: TableState | null,
): string | null {
  if (request.full) return 'a full read was asked for';
  if (state === null || state.last_full_at === null) return 'this is the first read';
  if (request.since !== undefined) return null;
  if (state.watermark === null) return 'there is no watermark yet';
  return whyOverdue(state.last_full_at, table.options.full_refresh_every ?? defaultFullEvery);
}

/** The same for a source whose pieces say themselves whether they changed: only somebody who asks for it has them all read again. */
export function whyAllPieces(
  request: Pick<ExtractRequest, 'full'>,
  table: TableRequest,
  state: TableState | null,
): string | null {
  if (request.full) return 'a full read was asked for';
  if (state === null || state.last_full_at === null) return 'this is the first read';
  const every = table.options.full_refresh_every;
  return every === undefined ? null : whyOverdue(state.last_full_at, every);
}

function whyOverdue(lastFullAt: string, every: string): string | null {
  return Date.now() - Date.parse(lastFullAt) >= durationMs(every) ? `the last full read is older than ${every}` : null;
}
