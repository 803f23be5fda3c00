/** Which range a table's strategy would ask its source for now, and why; moves nothing. */

import type { Serves } from '../connectors/connector.ts';
import type { ReadSession } from '../connectors/read-way.ts';
import type { ReadRange } from '../connectors/table-options.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import type { Database } from '../duckdb/database.ts';
import type { ExtractRequest } from './shapes.ts';
import { changedPartitions, partitionRange } from './strategies/partitioned.ts';
import { rangeFrom } from './strategies/watermark.ts';
import { whyAllPieces, whyFull } from './strategies/why-full.ts';
import type { Before } from './table-before.ts';

interface Asking {
  request: Pick<ExtractRequest, 'full' | 'since'>;
  reading: ReadSession;
  database: Database;
  serves: Serves;
}

/** `anew`: what the fingerprint says does not count. */
interface Intent {
  range: ReadRange;
  reason: string | null;
  anew: boolean;
}

export async function intendedRead(
  { request, reading, database, serves }: Asking,
  table: TableRequest,
  before: Before,
): Promise<Intent> {
  const everything: Intent = { range: { kind: 'all' }, reason: null, anew: request.full ?? false };
  if (table.query_mode === 'remote' || table.sync_strategy === 'full_refresh') return everything;
  if (table.sync_strategy === 'partitioned') {
    const told = await changedPartitions({ reading, request }, table, before);
    if (told === null) return everything;
    const none = told.changed.length === 0 && told.gone.length === 0;
    const reason = none ? 'no partition has changed since the last sync' : null;
    return { range: partitionRange(table, told.changed), reason, anew: true };
  }
  if (serves.pieces === true) {
    const reason = whyAllPieces(request, table, before.state);
    return { range: { kind: 'all' }, reason, anew: reason !== null };
  }
  const reason = whyFull(request, table, before.state);
  if (reason !== null) return { range: { kind: 'all' }, reason, anew: true };
  const session = await database.connect();
  try {
    const type = before.columns?.find((column) => column.name === table.options.cursor)?.type ?? null;
    const range = await rangeFrom(session, table, before.state?.watermark ?? '', type, request.since);
    return { range, reason: null, anew: request.since !== undefined };
  } finally {
    session.close();
  }
}
