/** Plans a read of a stored table by the Storage Read API: a piece for each stream of one session. */
import type { OpenPiece, PieceWay, ReadPlan } from '../read-way.ts';
import type { TableRequest } from '../table-request.ts';
import { type Estimate, priceText } from './cost-guard.ts';
import type { SourceTable } from './describe-table.ts';
import { columnPlan } from './duck-types.ts';
import type { Field } from './fields.ts';
import type { Look } from './look.ts';
import type { Options } from './options.ts';
import type { StorageSession } from './read-session.ts';
import { readsPast } from './read-time.ts';
import { downloadStream, storedRelation } from './storage-download.ts';

/** Bytes of a table for one stream: a stream lies on the disk as a whole before DuckDB reads it. */
const streamBytes = 256e6;
const leastStreams = 4;
const mostStreams = 1_000;

/** Null where the Storage Read API may not be used. */
export async function planStorage(
  look: Look,
  table: TableRequest,
  source: SourceTable,
  fields: readonly Field[],
  conditions: readonly string[],
  facts: Pick<ReadPlan, 'fingerprint' | 'rows' | 'rowBytes'>,
): Promise<ReadPlan | null> {
  const session = await look.storage.openSession({
    table: source.name,
    columns: fields.map((field) => field.name),
    restriction: conditions.join(' AND '),
    at: readsPast(look.readTime, source) ? look.readTime : null,
    streams: Math.min(mostStreams, Math.max(leastStreams, Math.ceil(source.bytes / streamBytes))),
  });
  if (session === null) return null;
  const estimate: Estimate = {
    bytes: session.estimatedBytes || source.bytes,
    open: false,
    tables: 1,
    way: 'storage',
  };
  await look.guard.foresee(table.id, estimate);
  // All of it before the first stream: a table whose second half is refused has cost its first half for nothing.
  let allowed: Promise<unknown> | null = null;
  const allow = () => {
    allowed ??= look.guard.allow(table.id, estimate);
    return allowed;
  };
  return {
    kind: 'read',
    columns: fields.map((field, index) => columnPlan(field, index, table.options as Options)),
    pieces: session.streams.map((stream, index) => ({
      id: String(index),
      open: async (way: PieceWay) => {
        await allow();
        return openStream(look, session, fields, stream, way);
      },
    })),
    order: table.primary_key.length > 0 ? 'key' : 'source',
    estimate: {
      rows: facts.rows ?? session.estimatedRows,
      bytes: estimate.bytes,
      notes: [priceText(look.settings, estimate)],
    },
    ...facts,
  };
}

async function openStream(
  look: Look,
  session: StorageSession,
  fields: readonly Field[],
  stream: string,
  way: PieceWay,
): Promise<OpenPiece> {
  const file = await downloadStream(look.storage, session, stream, fields, way, '0');
  return { relation: storedRelation([file.path]), feed: async () => ({ rows: file.rows }), close: () => file.remove() };
}
