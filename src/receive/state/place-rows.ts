/**
 * Decides in which part a row is published and which parts are to be written anew. Rows changed lately live together in a small hot part, so that a batch
 * rewrites it and, for the few rows that were cold until now, their cold part once.
 */
import { identifier, literal } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { coldPlaces } from './cold-parts.ts';
import { lookUp } from './look-up-rows.ts';
import { changedOf, flippedOf, touchedOf } from './merge-rows.ts';
import type { Moved } from './settle-visibility.ts';
import { isVisible, own, type StateTable } from './state-table.ts';
import { touch } from './touch-rows.ts';

/** A hot part with more rows is left to cool, and a new one begins. */
const hotRows = 4_000;

const key = identifier(own.key);
const part = identifier(own.part);
const touched = identifier(own.touched);
const placed = identifier('~placed');
export const dirtyTable = identifier('~dirty');
export const hotTable = identifier('~hot');

/** `bulk`: so many rows that they go to cold parts at once. */
export async function placeRows(
  session: Session,
  table: StateTable,
  moved: Moved,
  { bulk, now }: { bulk: boolean; now: number },
): Promise<void> {
  if (moved.changed.has(table.id))
    await touch(session, table, moved, `SELECT ${key} FROM ${changedOf(table)} WHERE ${identifier('~differs')}`);
  if (moved.flipped.has(table.id)) await touch(session, table, moved, `FROM ${flippedOf(table)}`);
  if (!moved.touched.has(table.id)) return;
  if (bulk) await moveToCold(session, table, `t.${key} IN (FROM ${touchedOf(table)})`, now);
  else {
    const number = await hotNumber(session, table);
    const hot = `CASE WHEN ${isVisible(table, 't')} THEN ${literal(hotPart(number))} END`;
    await takePlaces(
      session,
      table,
      lookUp(table, moved, `t.${key} AS k, t.${part} AS was, ${hot} AS now`, `FROM ${touchedOf(table)}`),
      now,
    );
    await rollHotPart(session, table, number);
  }
}

/** Moves the rows `where` chooses to cold parts; `now` when they were touched, null when they were not. Returns how many moved. */
export async function moveToCold(
  session: Session,
  table: StateTable,
  where: string,
  now: number | null,
): Promise<number> {
  const places = `SELECT t.${key} AS k, t.${part} AS was, w.place AS now FROM ${identifier(table.id)} t LEFT JOIN (${coldPlaces(table, where)}) w ON w.k = t.${key} WHERE ${where}`;
  return takePlaces(session, table, places, now);
}

/** `places`: a query for the key, the part that was and the part that is from now on. Marks what rows leave and where they come. */
async function takePlaces(session: Session, table: StateTable, places: string, now: number | null): Promise<number> {
  const name = identifier(table.id);
  const found = await session.first<{ Count: string }>(`CREATE OR REPLACE TEMP TABLE ${placed} AS ${places}`);
  const count = Number(found?.Count ?? 0);
  if (count === 0) return 0;
  // A row that was never published and is not to be needs nothing.
  await session.run(
    `INSERT INTO ${dirtyTable} SELECT DISTINCT ${literal(table.id)}, p FROM (SELECT was AS p FROM ${placed} UNION SELECT now FROM ${placed}) WHERE p IS NOT NULL AND NOT EXISTS (FROM ${dirtyTable} d WHERE d.table_name = ${literal(table.id)} AND d.part = p)`,
  );
  const touch = now === null ? '' : `, ${touched} = ${Math.floor(now)}`;
  await session.run(`UPDATE ${name} SET ${part} = p.now${touch} FROM ${placed} p WHERE ${name}.${key} = p.k`);
  return count;
}

function hotPart(number: number): string {
  return `hot-${number}`;
}

async function hotNumber(session: Session, table: StateTable): Promise<number> {
  const row = await session.first<{ number: number }>(
    `SELECT number FROM ${hotTable} WHERE table_name = ${literal(table.id)}`,
  );
  return row?.number ?? 1;
}

async function rollHotPart(session: Session, table: StateTable, number: number): Promise<void> {
  const count = await session.first<{ n: number }>(
    `SELECT count(*)::INTEGER AS n FROM ${identifier(table.id)} WHERE ${part} = ${literal(hotPart(number))}`,
  );
  if ((count?.n ?? 0) > hotRows) await startHotPart(session, table, number + 1);
}

/** From now on changed rows go to the hot part of this number. */
export async function startHotPart(session: Session, table: StateTable, number: number): Promise<void> {
  const next = Math.max(number, await hotNumber(session, table));
  await session.run(`DELETE FROM ${hotTable} WHERE table_name = ${literal(table.id)}`);
  await session.run(`INSERT INTO ${hotTable} VALUES (${literal(table.id)}, ${next})`);
}
