/** Merges changed rows by primary key into the parts of a table; only parts that hold a changed key are written again. */
import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { identifier } from '../../duckdb/quote.ts';
import { readParquet } from '../../duckdb/read-files.ts';
import type { Session } from '../../duckdb/session.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { copyStatement } from '../copy-statement.ts';
import { type Staged, unionOf } from '../stage.ts';
import type { TableState } from '../table-state.ts';
import { keyList, keyOf } from './key-ranges.ts';
import { laidOut, type PublishedPiece, publishedPieces, renewed } from './published-piece.ts';
import { filesOf, placedRows, rowsByPlace } from './rows-by-place.ts';
import { sealQuery } from './seal-query.ts';
import { settleHotRows } from './settle-hot-rows.ts';
import type { LaidOut, TableWork } from './table-work.ts';

/** The table after the delta replaced the rows with its keys and the rows with the keys in `goneFiles` left. No key stands in two parts. */
export async function mergeDelta(
  work: TableWork,
  state: TableState,
  delta: Staged,
  goneFiles: readonly string[],
): Promise<LaidOut> {
  const { run, table, columns } = work;
  const session = await run.database.connect();
  const scratch = join(run.scratch, `merge-${randomUUID()}`);
  const changedFile = `${scratch}-changed.parquet`;
  const hotFile = `${scratch}-hot.parquet`;
  try {
    const keys = keyList(keyOf(table, columns));
    const pieces = publishedPieces(work, state);
    const changed = await writeChangedRows(work, session, pieces, delta, changedFile);
    const touched = `touched_${randomUUID().replaceAll('-', '')}`;
    const sources = [...(changed > 0 ? [changedFile] : []), ...goneFiles];
    await session.run(
      `CREATE TEMP TABLE ${touched} AS ${sources.map((file) => `SELECT ${keys} FROM ${readParquet(file)}`).join(' UNION ')}${sources.length === 0 ? emptyKeys(work) : ''}`,
    );
    const cold = await withoutTouchedRows(
      work,
      session,
      pieces.filter((piece) => piece.state.id !== 'hot'),
      touched,
      keys,
    );
    const hotBefore = pieces.find((piece) => piece.state.id === 'hot');
    if (changed === 0 && goneFiles.length === 0) return laidOut(pieces);
    const hotRows = unionOf(hotBefore?.files ?? [], columns);
    const list = columns.map((column) => identifier(column.name)).join(', ');
    const query = `SELECT ${list} FROM ${hotRows} ANTI JOIN ${touched} USING (${keys}) UNION ALL SELECT ${list} FROM ${unionOf(changed > 0 ? [changedFile] : [], columns)}`;
    const hot = await session.copyToParquet(
      copyStatement(query, { file: hotFile, rowGroupRows: work.rowGroupRows, orderBy: keys, mark: 'hot' }),
    );
    await session.run(`DROP TABLE ${touched}`);
    return laidOut(await settleHotRows(work, session, cold, { file: hotFile, ...hot }));
  } finally {
    session.close();
    await rm(changedFile, { force: true });
    await rm(hotFile, { force: true });
  }
}

/** Writes the delta's rows that are new or differ, one for each key, and answers how many. Rows that an overlap brings again unchanged are dropped here. */
async function writeChangedRows(
  work: TableWork,
  session: Session,
  pieces: readonly PublishedPiece[],
  delta: Staged,
  file: string,
): Promise<number> {
  const { table, columns } = work;
  if (delta.files.length === 0) return 0;
  const keys = keyList(keyOf(table, columns));
  const list = columns.map((column) => identifier(column.name)).join(', ');
  await checkKeys(work, session, delta);
  // Of several versions of a row the one with the greatest cursor wins; every further column makes the choice reproducible.
  const order = [
    ...(table.options.cursor === undefined ? [] : [`${identifier(table.options.cursor)} DESC NULLS LAST`]),
    ...columns.map((column) => identifier(column.name)),
  ].join(', ');
  const latest = `SELECT ${list} FROM ${unionOf(delta.files, columns)} QUALIFY row_number() OVER (PARTITION BY ${keys} ORDER BY ${order}) = 1`;
  const target = { rowGroupRows: work.rowGroupRows, orderBy: keys, mark: 'changed' };
  const written = await session.copyToParquet(copyStatement(latest, { ...target, file }));
  const same = await possiblySameRows(work, session, pieces, file);
  if (same === null) return written.rows;
  const latestFile = `${file}.latest`;
  await rename(file, latestFile);
  try {
    const query = `SELECT ${list} FROM ${readParquet(latestFile)} EXCEPT (${same})`;
    return (await session.copyToParquet(copyStatement(query, { ...target, file }))).rows;
  } finally {
    await rm(latestFile, { force: true });
  }
}

/** SQL for the published rows that may equal one in `latest`, which are those with its key and its cursor; null when there is none. Whole rows are read only of the parts that hold them. */
async function possiblySameRows(
  { table, columns }: TableWork,
  session: Session,
  pieces: readonly PublishedPiece[],
  latest: string,
): Promise<string | null> {
  const files = pieces.flatMap((piece) => piece.files);
  if (files.length === 0) return null;
  const conditions = keyOf(table, columns).names.map((name) => `p.${identifier(name)} = l.${identifier(name)}`);
  if (table.options.cursor !== undefined) {
    const cursor = identifier(table.options.cursor);
    conditions.push(`p.${cursor} IS NOT DISTINCT FROM l.${cursor}`);
  }
  const places = `same_${randomUUID().replaceAll('-', '')}`;
  await session.run(
    `CREATE TEMP TABLE ${places} AS SELECT p.da_file, p.da_place FROM ${placedRows(files, columns)} AS p JOIN ${readParquet(latest)} AS l ON ${conditions.join(' AND ')}`,
  );
  const held = await filesOf(session, places);
  const parts = pieces
    .flatMap((piece) => piece.files.map((file, index) => ({ file, rows: piece.parts[index]!.rows })))
    .filter(({ file }) => held.has(file));
  const rows: string[] = [];
  for (const [index, part] of parts.entries())
    rows.push(await rowsByPlace(session, places, part, 'in', columns, `da_same_${index}`));
  await session.run(`DROP TABLE ${places}`);
  return rows.length === 0 ? null : rows.join(' UNION ALL ');
}

/** A NULL in a key matches nothing, so a row with one could never be replaced. */
export async function checkKeys({ table }: TableWork, session: Session, delta: Staged): Promise<void> {
  const anyNull = table.primary_key.map((name) => `${identifier(name)} IS NULL`).join(' OR ');
  const row = await session.first<{ count: string }>(
    `SELECT count(*) AS count FROM ${readParquet(delta.files)} WHERE ${anyNull}`,
  );
  if (Number(row?.count ?? 0) === 0) return;
  throw new AttacheError('source_data', {
    message: `${row?.count} rows of ${table.id} have no value in their primary key (${table.primary_key.join(', ')}).`,
    hint: 'The table keeps its data. Choose a primary key without NULLs, or another sync_strategy.',
  });
}

function emptyKeys({ table, columns }: TableWork): string {
  const key = keyOf(table, columns);
  return `SELECT ${key.names.map((name, index) => `CAST(NULL AS ${key.types[index]}) AS ${identifier(name)}`).join(', ')} LIMIT 0`;
}

/**
 * The cold pieces without the touched keys; pieces that hold none stay as they are. Only keys are compared: where touched rows lie is all that the rewrite needs, and leaving rows out
 * keeps the others in order, so nothing is sorted again.
 */
async function withoutTouchedRows(
  work: TableWork,
  session: Session,
  cold: PublishedPiece[],
  touched: string,
  keys: string,
): Promise<PublishedPiece[]> {
  const files = cold.flatMap((piece) => piece.files);
  if (files.length === 0) return cold;
  const places = `${touched}_places`;
  await session.run(
    `CREATE TEMP TABLE ${places} AS SELECT da_file, da_place FROM ${placedRows(files, work.columns)} SEMI JOIN ${touched} USING (${keys})`,
  );
  const hit = await filesOf(session, places);
  const result: PublishedPiece[] = [];
  for (const piece of cold) {
    if (!piece.files.some((file) => hit.has(file))) {
      result.push(piece);
      continue;
    }
    const rest: string[] = [];
    for (const [index, file] of piece.files.entries()) {
      const part = { file, rows: piece.parts[index]!.rows };
      rest.push(await rowsByPlace(session, places, part, 'not in', work.columns, `da_gone_${index}`));
    }
    const parts = await sealQuery(work, session, rest.join(' UNION ALL '), '', piece.state.id);
    result.push(renewed(work, piece.state, parts));
  }
  await session.run(`DROP TABLE ${places}`);
  return result;
}
