/** What the runner remembers of a published table, committed by the same rename as its rows. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { TableRequest } from '../connectors/table-request.ts';
import type { Part, TableRecord } from '../contract/shapes.ts';

const pieceState = z.object({
  id: z.string(),
  fingerprint: z.string().nullable(),
  /** Content hashes of the piece's parts, in order; an empty piece has none. */
  parts: z.array(z.string()),
  rejected: z.number(),
  /** Rows of a part where the piece was too large for one, kept so that borders stay; null where it fits one. */
  part_rows: z.number().nullable().default(null),
  /** Of a key range: its lowest possible key as text, one entry for each key column; null for the first range and for all other pieces. */
  low: z.array(z.string()).nullable().default(null),
});

const tableState = z.object({
  version: z.literal(1),
  /** Hash of everything in the registration that shapes the content. */
  request: z.string(),
  fingerprint: z.string().nullable(),
  /** Rows of a row group, kept so that borders stay where they are. */
  row_group_rows: z.number(),
  pieces: z.array(pieceState),
  rejected: z.number(),
  /** The run whose rejects file holds the rejected rows. */
  rejects_run: z.string().nullable(),
  remembered: z.unknown(),
  /** Where the next incremental read starts from, exact text; null when there is none. */
  watermark: z.string().nullable().default(null),
  /** When everything was read last, ISO 8601. */
  last_full_at: z.string().nullable().default(null),
  /** Of rows merged out of pieces that the source shows in every run: which pieces, in their order. */
  merged: z.array(z.object({ id: z.string(), fingerprint: z.string().nullable() })).default([]),
});

export type PieceState = z.infer<typeof pieceState>;

export type TableState = z.infer<typeof tableState>;

/** The state in a record, or null when there is none or another version wrote it: then the table is read anew. */
export function stateOf(record: TableRecord | null): TableState | null {
  const parsed = tableState.safeParse(record?.state);
  return parsed.success ? parsed.data : null;
}

/** Equal as long as a registration asks for the same content. */
export function requestHash(table: TableRequest): string {
  const { bucket, source_table, primary_key, sync_strategy, query_mode, options } = table;
  return createHash('sha256')
    .update(JSON.stringify([bucket, source_table, primary_key, sync_strategy, query_mode, sortKeys(options)]))
    .digest('hex');
}

/** The published parts of a piece, or null when one of them is not published any more. */
export function keptParts(piece: PieceState, published: readonly Part[]): Part[] | null {
  const bySha = new Map(published.map((part) => [part.sha256, part]));
  const parts = piece.parts.map((sha256) => bySha.get(sha256));
  return parts.every((part) => part !== undefined) ? parts : null;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
