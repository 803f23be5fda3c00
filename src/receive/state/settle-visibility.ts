/** Decides which rows are hidden: deleted, hidden by a column, not among those shown, or below a parent that is. Parents come before children. */
import { identifier, literal } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { changedOf, flippedOf } from './merge-rows.ts';
import { own, type StateTable } from './state-table.ts';

export interface Moved {
  /** Tables with changed rows in this batch. */
  changed: Set<string>;
  /** Tables for which a parent's rows were shown completely in this batch. */
  completed: ReadonlySet<string>;
  /** Tables in which rows became hidden or visible; filled here. */
  flipped: Set<string>;
  /** Tables with rows to place anew; filled on the way. */
  touched: Set<string>;
}

const key = identifier(own.key);
const blocked = identifier(own.blocked);
export const completeTable = identifier('~complete');
/** The parents of this batch's `complete` statements. */
export const completedNow = identifier('~completed now');

export async function settleVisibility(
  session: Session,
  table: StateTable,
  byId: ReadonlyMap<string, StateTable>,
  moved: Moved,
): Promise<void> {
  const candidates = candidatesOf(table, byId, moved);
  if (candidates.length === 0) return;
  const found = await session.first<{ Count: string }>(
    `CREATE OR REPLACE TEMP TABLE ${flippedOf(table)} AS SELECT ${key} FROM (${judged(table, candidates)}) WHERE was IS DISTINCT FROM now`,
  );
  if (Number(found?.Count ?? 1) === 0) return;
  await session.run(
    `UPDATE ${identifier(table.id)} SET ${blocked} = NOT coalesce(${blocked}, false) WHERE ${key} IN (FROM ${flippedOf(table)})`,
  );
  moved.flipped.add(table.id);
}

/** Queries for the keys that may have to change. */
function candidatesOf(table: StateTable, byId: ReadonlyMap<string, StateTable>, moved: Moved): string[] {
  const name = identifier(table.id);
  const parents = table.received.parents ?? [];
  const completed = (column: string) =>
    `${column} IN (SELECT parent FROM ${completedNow} WHERE table_name = ${literal(table.id)})`;
  return [
    ...(moved.changed.has(table.id) ? [`SELECT ${key} FROM ${changedOf(table)}`] : []),
    ...parents.flatMap((parent) =>
      moved.flipped.has(parent.table)
        ? [
            `SELECT ${key} FROM ${name} WHERE ${identifier(parent.column)} IN (FROM ${flippedOf(byId.get(parent.table)!)})`,
          ]
        : [],
    ),
    ...(moved.completed.has(table.id)
      ? [...parents.map((parent) => completed(identifier(parent.column))), completed(`'*'`)].map(
          (where) => `SELECT ${key} FROM ${name} WHERE ${where}`,
        )
      : []),
  ];
}

function judged(table: StateTable, candidates: string[]): string {
  const parents = table.received.parents ?? [];
  const [gone, alive, seen] = [own.gone, own.alive, own.seen].map((name) => `t.${identifier(name)}`);
  const reasons = [
    `coalesce(${gone} >= coalesce(${alive}, -1), false)`,
    ...(table.received.hiddenBy === undefined ? [] : [`coalesce(t.${identifier(table.received.hiddenBy)}, false)`]),
    ...parents.map((_, index) => `coalesce(p${index}.${blocked}, false)`),
    ...parents.map((_, index) => `coalesce(c${index}.shown_at > coalesce(${seen}, 0), false)`),
    `coalesce(everything.shown_at > coalesce(${seen}, 0), false)`,
  ];
  const joins = parents.map(
    ({ table: parent, column }, index) =>
      ` LEFT JOIN ${identifier(parent)} p${index} ON p${index}.${key} = t.${identifier(column)}` +
      ` LEFT JOIN ${completeTable} c${index} ON c${index}.table_name = ${literal(table.id)} AND c${index}.parent = t.${identifier(column)}`,
  );
  return `SELECT t.${key}, coalesce(t.${blocked}, false) AS was, ${reasons.join(' OR ')} AS now FROM ${identifier(table.id)} t${joins.join('')} LEFT JOIN ${completeTable} everything ON everything.table_name = ${literal(table.id)} AND everything.parent = '*' WHERE t.${key} IN (${candidates.join(' UNION ')})`;
}
