/** Decides where the hot rows live: together in one small part, or, once they are many, back in the key ranges they belong to. */
import { identifier } from '../../duckdb/quote.ts';
import { readParquet } from '../../duckdb/read-files.ts';
import type { Session } from '../../duckdb/session.ts';
import { partBytes } from '../layout.ts';
import { sealFile } from '../load-piece.ts';
import { unionOf } from '../stage.ts';
import { hotLimitBytes, inRange, keyAsText, keyList, keyOf, rangeIndex } from './key-ranges.ts';
import { type PublishedPiece, renewed } from './published-piece.ts';
import { sealQuery } from './seal-query.ts';
import type { TableWork } from './table-work.ts';

interface HotRows {
  file: string;
  rows: number;
  sizeBytes: number;
}

const rangePrefix = 'range:';

export async function settleHotRows(
  work: TableWork,
  session: Session,
  cold: PublishedPiece[],
  hot: HotRows,
): Promise<PublishedPiece[]> {
  const ranges = cold.filter((piece) => piece.parts.length > 0);
  if (hot.rows === 0) return ranges;
  const coldBytes = ranges.flatMap((piece) => piece.parts).reduce((sum, part) => sum + part.size_bytes, 0);
  if (hot.sizeBytes <= hotLimitBytes(coldBytes + hot.sizeBytes)) return [...ranges, await hotPiece(work, hot)];
  return moveToRanges(work, session, ranges, hot);
}

async function hotPiece(work: TableWork, hot: HotRows): Promise<PublishedPiece> {
  const { parts } = await sealFile(work.run, work.table, hot.file, hot, work.rowGroupRows, null);
  return renewed(work, { id: 'hot', fingerprint: null, parts: [], rejected: 0, part_rows: null, low: null }, parts);
}

/** Every range that hot rows fall into is written again with them; rows above the last range's keys become a range of their own when they are enough for one. */
async function moveToRanges(
  work: TableWork,
  session: Session,
  ranges: PublishedPiece[],
  hot: HotRows,
): Promise<PublishedPiece[]> {
  const key = keyOf(work.table, work.columns);
  const list = work.columns.map((column) => identifier(column.name)).join(', ');
  const hotRows = readParquet(hot.file);
  const tailLow = await tailStart(work, session, ranges.at(-1), hot);
  const lows = [...ranges.map((piece) => piece.state.low), ...(tailLow === null ? [] : [tailLow])];
  if (lows.length === 0) lows.push(null);
  const counted = await session.rows<{ i: number }>(`SELECT DISTINCT ${rangeIndex(key, lows)} AS i FROM ${hotRows}`);
  const hit = new Set(counted.map((row) => Number(row.i)));
  const pieces: PublishedPiece[] = [];
  for (const [index, low] of lows.entries()) {
    const range = ranges[index];
    if (range !== undefined && !hit.has(index)) {
      pieces.push(range);
      continue;
    }
    const id = range?.state.id ?? nextRangeId(ranges);
    const before = range === undefined ? '' : `SELECT ${list} FROM ${unionOf(range.files, work.columns)} UNION ALL `;
    const parts = await sealQuery(
      work,
      session,
      `${before}SELECT ${list} FROM ${hotRows} WHERE ${inRange(key, lows, index)}`,
      keyList(key),
      id,
    );
    if (parts.length > 0)
      pieces.push(renewed(work, { id, fingerprint: null, parts: [], rejected: 0, part_rows: null, low }, parts));
  }
  return pieces;
}

/** The lowest hot key above all cold ones, when the hot rows from there on are worth a range of their own; else null. */
async function tailStart(
  work: TableWork,
  session: Session,
  last: PublishedPiece | undefined,
  hot: HotRows,
): Promise<string[] | null> {
  if (last === undefined) return null;
  const key = keyOf(work.table, work.columns);
  const keys = keyList(key);
  const lastBytes = last.parts.reduce((sum, part) => sum + part.size_bytes, 0);
  const bytesPerRow = hot.sizeBytes / hot.rows;
  const order = key.names.map((name) => `${identifier(name)} DESC`).join(', ');
  const highest = `(SELECT ${keys} FROM ${unionOf(last.files, work.columns)} ORDER BY ${order} LIMIT 1)`;
  const above = `SELECT ${keys} FROM ${readParquet(hot.file)} WHERE (${keys}) > ${key.names.length === 1 ? highest : `(SELECT ROW(${keys}) FROM ${highest})`}`;
  const row = await session.first<Record<string, string>>(
    `SELECT ${keyAsText(key)}, count(*) OVER () AS n FROM (${above}) ORDER BY ${keys} LIMIT 1`,
  );
  if (row === undefined) return null;
  const tailBytes = Number(row.n) * bytesPerRow;
  if (tailBytes < partBytes.target / 4 && lastBytes + tailBytes <= partBytes.largest) return null;
  return key.names.map((_name, index) => String(row[`k${index}`]));
}

function nextRangeId(ranges: readonly { state: { id: string } }[]): string {
  const numbers = ranges.map((piece) => Number(piece.state.id.slice(rangePrefix.length)) || 0);
  return `${rangePrefix}${Math.max(0, ...numbers) + 1}`;
}
