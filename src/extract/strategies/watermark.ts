/** Where an incremental read starts and what it remembers: exact text of the cursor, never a JavaScript date. */

import { fits } from '../../connectors/check-where.ts';
import { durationMs, type ReadRange } from '../../connectors/table-options.ts';
import type { TableRequest } from '../../connectors/table-request.ts';
import { identifier, literal } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { AttacheError } from '../../errors/attache-error.ts';

const defaultOverlapMs = 10 * 60_000;

const timeTypes = /^(TIMESTAMP|DATE)/;
const numberTypes = /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|DECIMAL)/;

/** The rows to read again: the source's own changes, or everything from the watermark less the overlap on; from `since` on where that is given. */
export async function rangeFrom(
  session: Session,
  table: TableRequest,
  watermark: string,
  cursorType: string | null,
  since?: string,
): Promise<ReadRange> {
  const { cursor } = table.options;
  if (cursor === undefined) return { kind: 'changes', from: since ?? watermark };
  if (since !== undefined) await checkSince(session, table, since, cursorType ?? 'VARCHAR');
  const from = since ?? (await lessOverlap(session, table, watermark, cursorType ?? 'VARCHAR'));
  return { kind: 'cursor', column: cursor, from };
}

async function checkSince(session: Session, { id, options }: TableRequest, since: string, type: string): Promise<void> {
  if (await fits(session, since, type)) return;
  throw new AttacheError('options_invalid', {
    message: `${id} cannot be read from ${JSON.stringify(since)} on: its cursor ${options.cursor} is ${type}, and that is no such value.`,
    hint: timeTypes.test(type) ? 'Give a time such as 2024-01-31 or 2024-01-31 12:00:00, in UTC.' : 'Give a number.',
  });
}

async function lessOverlap(session: Session, table: TableRequest, watermark: string, type: string): Promise<string> {
  const { overlap } = table.options;
  if (timeTypes.test(type)) {
    const ms =
      typeof overlap === 'string'
        ? durationMs(overlap)
        : typeof overlap === 'number'
          ? overlap * 1000
          : defaultOverlapMs;
    return textOf(session, `CAST(CAST(${literal(watermark)} AS ${type}) - INTERVAL '${ms} milliseconds' AS ${type})`);
  }
  if (numberTypes.test(type) && typeof overlap === 'number' && overlap > 0)
    return textOf(session, `CAST(${literal(watermark)} AS ${type}) - ${overlap}`);
  if (typeof overlap === 'string') {
    throw new AttacheError('options_invalid', {
      message: `The cursor ${table.options.cursor} of ${table.id} is ${type}; an overlap of ${overlap} has no meaning there.`,
      hint: 'Give the overlap as a number, or leave it out.',
    });
  }
  return watermark;
}

async function textOf(session: Session, expression: string): Promise<string> {
  const row = await session.first<{ value: string }>(`SELECT CAST(${expression} AS VARCHAR) AS value`);
  return row?.value ?? '';
}

/**
 * The greatest cursor value of `relation`, or `before` when that is greater or there is none. A time in the future would hide every row that comes before it,
 * so the watermark never passes `now`.
 */
export async function watermarkOf(
  session: Session,
  table: TableRequest,
  relation: string,
  type: string,
  before: string | null,
  now: Date,
): Promise<string | null> {
  const { cursor } = table.options;
  if (cursor === undefined) return before;
  const values = [
    `(SELECT max(${identifier(cursor)}) FROM ${relation})`,
    ...(before === null ? [] : [`CAST(${literal(before)} AS ${type})`]),
  ];
  const greatest = `greatest(${values.join(', ')})`;
  const capped = timeTypes.test(type)
    ? `least(${greatest}, CAST(TIMESTAMPTZ ${literal(now.toISOString())} AS ${type}))`
    : greatest;
  const row = await session.first<{ value: string | null }>(`SELECT CAST(${capped} AS VARCHAR) AS value`);
  return row?.value ?? before;
}
