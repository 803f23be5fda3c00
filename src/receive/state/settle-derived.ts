/** Fills the columns that depend on other rows, for the rows a batch may have affected. */
import type { DerivedColumn } from '../../connectors/receive-way.ts';
import { identifier } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { fillMembers } from './fill-members.ts';
import { lookUp } from './look-up-rows.ts';
import { afterColumn, alteredColumn, beforeColumn, changedOf, flippedOf, mergedOf, touchedOf } from './merge-rows.ts';
import type { Moved } from './settle-visibility.ts';
import { isVisible, own, type StateTable } from './state-table.ts';
import { touch } from './touch-rows.ts';

type Of<Kind> = Extract<DerivedColumn, { kind: Kind }>;
const key = identifier(own.key);
const corrections = identifier('~corrections');
const asking = identifier('~asking');

export async function settleDerived(
  session: Session,
  table: StateTable,
  byId: ReadonlyMap<string, StateTable>,
  moved: Moved,
): Promise<void> {
  if (moved.changed.has(table.id))
    await fillMembers(session, table, `${key} IN (SELECT ${key} FROM ${changedOf(table)})`);
  for (const derived of table.derived) {
    if (derived.kind === 'member') continue;
    if (derived.kind === 'count') await fillCount(session, table, byId.get(derived.table)!, derived, moved);
    else await fillValue(session, table, byId.get(derived.table)!, derived, moved);
  }
}

async function fillValue(
  session: Session,
  table: StateTable,
  other: StateTable,
  derived: Of<'value' | 'same'>,
  moved: Moved,
): Promise<void> {
  const name = identifier(table.id);
  const by = identifier(derived.by);
  const candidates: string[] = [];
  if (moved.changed.has(table.id)) candidates.push(`SELECT ${key} FROM ${changedOf(table)}`);
  if (moved.merged.get(other.id)?.altered.has(derived.value)) {
    const altered = `SELECT ${key} FROM ${changedOf(other)} WHERE ${identifier(alteredColumn(derived.value))}`;
    candidates.push(`SELECT ${key} FROM ${name} WHERE ${by} IN (${altered})`);
  }
  if (candidates.length === 0) return;
  // What `by` holds may itself have been filled a moment ago.
  if (moved.touched.has(table.id)) candidates.push(`FROM ${touchedOf(table)}`);
  const [, instead] = insteadOf(derived);
  const asked = `t.${key} AS k, t.${by} AS named, t.${identifier(derived.column)} AS held, ${instead} AS instead`;
  const found = await session.first<{ Count: string }>(
    `CREATE OR REPLACE TEMP TABLE ${asking} AS ${lookUp(table, moved, asked, candidates.join(' UNION '))}`,
  );
  if (Number(found?.Count ?? 1) === 0) return;
  // Only the rows that are named are looked up: joining all there are would cost the same for one row as for a million.
  const named = lookUp(
    other,
    moved,
    `t.${key} AS k, t.${identifier(derived.value)} AS v`,
    `SELECT named FROM ${asking} WHERE named IS NOT NULL`,
  );
  const [wanted] = insteadOf(derived);
  await correct(
    session,
    table,
    derived.column,
    `SELECT a.k, a.held, ${wanted} AS v FROM ${asking} a LEFT JOIN (${named}) o ON o.k = a.named`,
    moved,
  );
}

/** SQL of the wanted value, and of the column of this row that takes part in it. */
function insteadOf(derived: Of<'value' | 'same'>): [wanted: string, instead: string] {
  if (derived.kind === 'same') return ['coalesce(o.v = a.instead, false)', `t.${identifier(derived.same)}`];
  if (derived.otherwise === undefined) return ['o.v', 'NULL'];
  return ['coalesce(o.v, a.instead)', `t.${identifier(derived.otherwise)}`];
}

async function fillCount(
  session: Session,
  table: StateTable,
  counted: StateTable,
  derived: Of<'count'>,
  moved: Moved,
): Promise<void> {
  const candidates: string[] = [];
  if (moved.merged.get(table.id)?.fresh === true)
    candidates.push(`SELECT ${key} FROM ${changedOf(table)} WHERE ${identifier('~fresh')}`);
  for (const by of derived.by) {
    if (moved.changed.has(counted.id)) {
      for (const column of [beforeColumn(by), afterColumn(by)])
        candidates.push(`SELECT ${identifier(column)} FROM ${changedOf(counted)} WHERE ${identifier('~differs')}`);
    }
    if (moved.flipped.has(counted.id))
      candidates.push(
        `SELECT ${identifier(by)} FROM ${identifier(counted.id)} WHERE ${key} IN (FROM ${flippedOf(counted)})`,
      );
  }
  if (candidates.length === 0) return;
  const affected = identifier('~affected');
  const found = await session.first<{ Count: string }>(
    `CREATE OR REPLACE TEMP TABLE ${affected} AS SELECT DISTINCT k FROM (${candidates.join(' UNION ALL ')}) u(k) WHERE k IS NOT NULL`,
  );
  if (Number(found?.Count ?? 1) === 0) return;
  const named = derived.by.map(
    (by) =>
      `SELECT c.${identifier(by)} AS k FROM ${identifier(counted.id)} c WHERE c.${identifier(by)} IN (FROM ${affected}) AND ${isVisible(counted, 'c')}`,
  );
  const rows = lookUp(table, moved, `t.${key} AS k, t.${identifier(derived.column)} AS held`, `FROM ${affected}`);
  await correct(
    session,
    table,
    derived.column,
    `SELECT t.k, t.held, coalesce(n.n, 0) AS v FROM (${rows}) t LEFT JOIN (SELECT k, count(*) AS n FROM (${named.join(' UNION ALL ')}) GROUP BY k) n ON n.k = t.k`,
    moved,
  );
}

/** `wanted`: a query for the key, what is held and what should be. Writes the wanted values where they differ, and remembers which rows that were. */
async function correct(
  session: Session,
  table: StateTable,
  column: string,
  wanted: string,
  moved: Moved,
): Promise<void> {
  const name = identifier(column);
  const found = await session.first<{ Count: string }>(
    `CREATE OR REPLACE TEMP TABLE ${corrections} AS SELECT k, v FROM (${wanted}) WHERE held IS DISTINCT FROM v`,
  );
  if (Number(found?.Count ?? 1) === 0) return;
  for (const rows of [identifier(table.id), ...(moved.changed.has(table.id) ? [mergedOf(table)] : [])])
    await session.run(`UPDATE ${rows} SET ${name} = c.v FROM ${corrections} c WHERE ${rows}.${key} = c.k`);
  await touch(session, table, moved, `SELECT k FROM ${corrections}`);
}
