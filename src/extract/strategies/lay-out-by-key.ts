/** Lays out a full read of a table with a key: sorted into key ranges at first, and later compared range by range, so that ranges that did not change keep their parts. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadPlan } from '../../connectors/read-way.ts';
import { identifier } from '../../duckdb/quote.ts';
import { readParquet } from '../../duckdb/read-files.ts';
import type { Session } from '../../duckdb/session.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { cutParquet } from '../../publish/cut-parquet.ts';
import { sealPart } from '../../publish/seal-part.ts';
import { copyStatement } from '../copy-statement.ts';
import { partRowsFor } from '../layout.ts';
import { loadEmptyPart } from '../load-piece.ts';
import { publishedColumns, schemaChanges } from '../schema-changes.ts';
import { type Staged, unionOf } from '../stage.ts';
import { hotShareAtFirst, inRange, keyAsText, keyList, keyOf, rangeIndex } from './key-ranges.ts';
import { laidOut, type PublishedPiece, publishedPieces, renewed } from './published-piece.ts';
import { sealQuery } from './seal-query.ts';
import type { LaidOut, TableWork } from './table-work.ts';

export async function layOutByKey(work: TableWork, plan: ReadPlan, staged: Staged): Promise<LaidOut> {
  const { run, table, before, columns } = work;
  const session = await run.database.connect();
  try {
    if (staged.rows === 0) return { parts: [await loadEmptyPart(run, table, columns)], pieces: [], rows: 0 };
    if (plan.uniqueKey !== true) await checkUnique(work, session, staged);
    const comparable =
      before.state !== null &&
      before.state.pieces.length > 0 &&
      schemaChanges(before.columns, publishedColumns(columns)).length === 0;
    return comparable && before.state !== null
      ? laidOut(await renewChangedRanges(work, session, publishedPieces(work, before.state), staged))
      : laidOut(await sortIntoRanges(work, session, staged));
  } finally {
    session.close();
  }
}

async function checkUnique({ table }: TableWork, session: Session, staged: Staged): Promise<void> {
  const keys = table.primary_key.map(identifier).join(', ');
  const anyNull = table.primary_key.map((name) => `${identifier(name)} IS NULL`).join(' OR ');
  const row = await session.first<{ keys: string; nulls: string }>(
    `SELECT (SELECT count(*) FROM (SELECT DISTINCT ${keys} FROM ${unionOf(staged.files, [])})) AS keys, (SELECT count(*) FROM ${unionOf(staged.files, [])} WHERE ${anyNull}) AS nulls`,
  );
  if (Number(row?.keys) === staged.rows && Number(row?.nulls) === 0) return;
  throw new AttacheError('source_data', {
    message: `${table.primary_key.join(', ')} is not a key of ${table.id}: ${staged.rows} rows have ${row?.keys} different values, ${row?.nulls} of them without a value.`,
    hint: 'The table keeps its data. Register the columns that are unique as primary_key, or use mode append.',
  });
}

/** One sort, then cuts at row-group borders; the last rows, which change most in a table that grows, start out as the hot part. */
async function sortIntoRanges(work: TableWork, session: Session, staged: Staged): Promise<PublishedPiece[]> {
  const { run, table, columns, rowGroupRows } = work;
  const key = keyOf(table, columns);
  const file = join(run.scratch, `sorted-${randomUUID()}.parquet`);
  const list = columns.map((column) => identifier(column.name)).join(', ');
  const written = await session.copyToParquet(
    copyStatement(`SELECT ${list} FROM ${unionOf(staged.files, columns)}`, {
      file,
      rowGroupRows,
      orderBy: keyList(key),
      mark: 'range',
    }),
  );
  const partRows =
    partRowsFor(written.rows, written.sizeBytes, rowGroupRows) ?? Math.ceil(written.rows / rowGroupRows) * rowGroupRows;
  const hotRows = Math.ceil(written.rows * hotShareAtFirst);
  const pieces: PublishedPiece[] = [];
  for await (const cut of cutParquet(file, partRows, written.rows > 4 * rowGroupRows ? hotRows : 0)) {
    const first = await session.first<Record<string, string>>(
      `SELECT ${keyAsText(key)} FROM ${readParquet(cut.path)} LIMIT 1`,
    );
    const part = await sealPart(run.folder, table.id, cut.path, cut.rows, cut.sha256);
    const low = pieces.length === 0 ? null : key.names.map((_name, position) => String(first?.[`k${position}`]));
    const hot = cut.tail;
    pieces.push(
      renewed(
        work,
        {
          id: hot ? 'hot' : `range:${pieces.length + 1}`,
          fingerprint: null,
          parts: [],
          rejected: 0,
          part_rows: null,
          low: hot ? null : low,
        },
        [part],
      ),
    );
  }
  await rm(file);
  return pieces;
}

/** Compares counts and checksums of each range; a range that differs is written again from the read, hot rows included. */
async function renewChangedRanges(
  work: TableWork,
  session: Session,
  pieces: PublishedPiece[],
  staged: Staged,
): Promise<PublishedPiece[]> {
  const key = keyOf(work.table, work.columns);
  const ranges = pieces.filter((piece) => piece.state.id !== 'hot');
  const hot = pieces.find((piece) => piece.state.id === 'hot');
  const lows = ranges.length === 0 ? [null] : ranges.map((piece) => piece.state.low);
  const list = work.columns.map((column) => identifier(column.name)).join(', ');
  const sums = async (relation: string) => {
    const rows = await session.rows<{ i: string; n: string; h: string }>(
      `SELECT ${rangeIndex(key, lows)} AS i, count(*) AS n, CAST(sum(hash(${list})::HUGEINT) AS VARCHAR) AS h FROM ${relation} GROUP BY 1`,
    );
    return new Map(rows.map((row) => [Number(row.i), `${row.n}:${row.h}`]));
  };
  const [now, then] = [
    await sums(unionOf(staged.files, work.columns)),
    await sums(
      unionOf(
        pieces.flatMap((piece) => piece.files),
        work.columns,
      ),
    ),
  ];
  const changed = lows.flatMap((_low, index) => (now.get(index) === then.get(index) ? [] : [index]));
  if (changed.length === 0) return pieces;
  const result: PublishedPiece[] = [];
  for (const [index, low] of lows.entries()) {
    const range = ranges[index];
    if (!changed.includes(index)) {
      if (range !== undefined) result.push(range);
      continue;
    }
    const id = range?.state.id ?? `range:${index + 1}`;
    const parts = await sealQuery(
      work,
      session,
      `SELECT ${list} FROM ${unionOf(staged.files, work.columns)} WHERE ${inRange(key, lows, index)}`,
      keyList(key),
      id,
    );
    if (parts.length > 0)
      result.push(renewed(work, { id, fingerprint: null, parts: [], rejected: 0, part_rows: null, low }, parts));
  }
  if (hot !== undefined) {
    const stays = `SELECT ${list} FROM ${unionOf(hot.files, work.columns)} WHERE ${rangeIndex(key, lows)} NOT IN (${changed.join(', ')})`;
    const parts = await sealQuery(work, session, stays, keyList(key), 'hot');
    if (parts.length > 0) result.push(renewed(work, hot.state, parts));
  }
  return result;
}
