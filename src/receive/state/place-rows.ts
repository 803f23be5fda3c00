/**
 * Decides in which part a row is published and which parts are to be written anew. Rows changed lately live together in a small hot part, so that a batch
 * rewrites it and, for the few rows that were cold until now, their cold part once.
 */
import { identifier, literal } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { changedOf, flippedOf, touchedOf } from './merge-rows.ts';
import type { Moved } from './settle-visibility.ts';
import { isVisible, own, type StateTable } from './state-table.ts';

/** A hot part with more rows is left to cool, and a new one begins. */
const hotRows = 4_000;

const key = identifier(own.key);
const part = identifier(own.part);
const touched = identifier(own.touched);
export const dirtyTable = identifier('~dirty');
export const hotTable = identifier('~hot');

/** `bulk`: so many rows that they go to cold parts at once. */
export async function placeRows(
  session: Session,
  table: StateTable,
  moved: Moved,
  { bulk, now }: { bulk: boolean; now: number },
): Promise<void> {
  const name = identifier(table.id);
  const sets = touchedOf(table);
  if (moved.changed.has(table.id))
    await session.run(`INSERT INTO ${sets} SELECT ${key} FROM ${changedOf(table)} WHERE ${identifier('~differs')}`);
  if (moved.flipped.has(table.id)) await session.run(`INSERT INTO ${sets} FROM ${flippedOf(table)}`);
  const hot = literal(`hot-${await hotNumber(session, table)}`);
  const placed = identifier('~placed');
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${placed} AS SELECT t.${key} AS k, t.${part} AS was, CASE WHEN NOT ${isVisible(table, 't')} THEN NULL ELSE ${bulk ? coldPart(table, 't') : hot} END AS now FROM ${name} t WHERE t.${key} IN (FROM ${sets})`,
  );
  // A row that was never published and is not to be needs nothing.
  await session.run(
    `INSERT INTO ${dirtyTable} SELECT DISTINCT ${literal(table.id)}, p FROM (SELECT was AS p FROM ${placed} UNION SELECT now FROM ${placed}) WHERE p IS NOT NULL AND NOT EXISTS (FROM ${dirtyTable} d WHERE d.table_name = ${literal(table.id)} AND d.part = p)`,
  );
  await session.run(
    `UPDATE ${name} SET ${part} = p.now, ${touched} = ${Math.floor(now)} FROM ${placed} p WHERE ${name}.${key} = p.k`,
  );
  if (!bulk) await rollHotPart(session, table);
}

/** SQL: the part a row of `alias` has when it is cold. */
export function coldPart(table: StateTable, alias: string): string {
  const { month } = table.received;
  return month === undefined ? `'all'` : `coalesce(strftime(${alias}.${identifier(month)}, '%Y-%m'), 'undated')`;
}

async function hotNumber(session: Session, table: StateTable): Promise<number> {
  const row = await session.first<{ number: number }>(
    `SELECT number FROM ${hotTable} WHERE table_name = ${literal(table.id)}`,
  );
  return row?.number ?? 1;
}

async function rollHotPart(session: Session, table: StateTable): Promise<void> {
  const number = await hotNumber(session, table);
  const count = await session.first<{ n: number }>(
    `SELECT count(*)::INTEGER AS n FROM ${identifier(table.id)} WHERE ${part} = ${literal(`hot-${number}`)}`,
  );
  if ((count?.n ?? 0) <= hotRows) return;
  await session.run(`DELETE FROM ${hotTable} WHERE table_name = ${literal(table.id)}`);
  await session.run(`INSERT INTO ${hotTable} VALUES (${literal(table.id)}, ${number + 1})`);
}
