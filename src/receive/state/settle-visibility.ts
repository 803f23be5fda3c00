/** Decides which rows are hidden: deleted, hidden by a column, not among those shown, or below a parent that is. Parents come before children. */
import { identifier, literal } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { lookUp } from './look-up-rows.ts';
import { changedOf, flippedOf, type Merged, mergedOf } from './merge-rows.ts';
import { own, type StateTable } from './state-table.ts';

export interface Moved {
  /** Tables with changed rows in this batch. */
  changed: Set<string>;
  /** What the merge of each changed table said. */
  merged: Map<string, Merged>;
  /** Tables for which a parent's rows were shown completely in this batch. */
  completed: ReadonlySet<string>;
  /** Tables in which rows became hidden or visible; filled here. */
  flipped: Set<string>;
  /** Tables with rows to place anew; filled on the way. */
  touched: Set<string>;
}

const key = identifier(own.key);
const blocked = identifier(own.blocked);
const judging = identifier('~judging');
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
  const looked = await session.first<{ Count: string }>(
    `CREATE OR REPLACE TEMP TABLE ${judging} AS ${lookUp(table, moved, judgedColumns(table), candidates.join(' UNION '))}`,
  );
  if (Number(looked?.Count ?? 1) === 0) return;
  const found = await session.first<{ Count: string }>(
    `CREATE OR REPLACE TEMP TABLE ${flippedOf(table)} AS SELECT k AS ${key} FROM (${judged(table, byId, moved)}) WHERE was IS DISTINCT FROM now`,
  );
  if (Number(found?.Count ?? 1) === 0) return;
  for (const rows of [identifier(table.id), ...(moved.changed.has(table.id) ? [mergedOf(table)] : [])])
    await session.run(
      `UPDATE ${rows} SET ${blocked} = NOT coalesce(${blocked}, false) WHERE ${key} IN (FROM ${flippedOf(table)})`,
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

/** Of the rows to judge: what is known now, whether the row itself says it is hidden, when it was seen, and its parents. */
function judgedColumns({ received }: StateTable): string {
  const [gone, alive, seen] = [own.gone, own.alive, own.seen].map((name) => `t.${identifier(name)}`);
  const itself = [
    `coalesce(${gone} >= coalesce(${alive}, -1), false)`,
    ...(received.hiddenBy === undefined ? [] : [`coalesce(t.${identifier(received.hiddenBy)}, false)`]),
  ];
  return [
    `t.${key} AS k`,
    `coalesce(t.${blocked}, false) AS was`,
    `${itself.join(' OR ')} AS itself`,
    `coalesce(${seen}, 0) AS seen`,
    ...(received.parents ?? []).map(({ column }, index) => `t.${identifier(column)} AS parent${index}`),
  ].join(', ');
}

/** Only the parents of the rows to judge are looked up: joining all there are would cost the same for one row as for a million. */
function judged({ id, received }: StateTable, byId: ReadonlyMap<string, StateTable>, moved: Moved): string {
  const parents = received.parents ?? [];
  const shown = (parent: string) =>
    `SELECT parent, shown_at FROM ${completeTable} WHERE table_name = ${literal(id)} AND parent ${parent}`;
  const joins = parents.map(({ table }, index) => {
    const named = `SELECT parent${index} FROM ${judging}`;
    const above = lookUp(byId.get(table)!, moved, `t.${key} AS k, t.${blocked} AS hidden`, named);
    return (
      ` LEFT JOIN (${above}) p${index} ON p${index}.k = j.parent${index}` +
      ` LEFT JOIN (${shown(`IN (${named})`)}) c${index} ON c${index}.parent = j.parent${index}`
    );
  });
  const reasons = [
    'j.itself',
    ...parents.map((_, index) => `coalesce(p${index}.hidden, false)`),
    ...parents.map((_, index) => `coalesce(c${index}.shown_at > j.seen, false)`),
    'coalesce(everything.shown_at > j.seen, false)',
  ];
  return `SELECT j.k, j.was, ${reasons.join(' OR ')} AS now FROM ${judging} j${joins.join('')} LEFT JOIN (${shown(`= '*'`)}) everything ON true`;
}
