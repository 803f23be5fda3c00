/** Fills the columns that depend on other rows, for the rows a batch may have affected. */
import type { DerivedColumn } from '../../connectors/receive-way.ts';
import { identifier } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { fillMembers } from './fill-members.ts';
import { beforeColumn, changedOf, flippedOf, touchedOf } from './merge-rows.ts';
import type { Moved } from './settle-visibility.ts';
import { isVisible, own, type StateTable } from './state-table.ts';
import { touch } from './touch-rows.ts';

type Of<Kind> = Extract<DerivedColumn, { kind: Kind }>;
const key = identifier(own.key);
const corrections = identifier('~corrections');

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
  const by = identifier(derived.by);
  const value = identifier(derived.value);
  const candidates: string[] = [];
  if (moved.changed.has(table.id)) candidates.push(`SELECT ${key} FROM ${changedOf(table)}`);
  if (moved.changed.has(other.id)) {
    const altered = `SELECT o.${key} FROM ${identifier(other.id)} o JOIN ${changedOf(other)} c USING (${key}) WHERE o.${value} IS DISTINCT FROM c.${identifier(beforeColumn(derived.value))}`;
    candidates.push(`SELECT ${key} FROM ${identifier(table.id)} WHERE ${by} IN (${altered})`);
  }
  if (candidates.length === 0) return;
  // What `by` holds may itself have been filled a moment ago.
  if (moved.touched.has(table.id)) candidates.push(`FROM ${touchedOf(table)}`);
  await correct(
    session,
    table,
    derived.column,
    `SELECT t.${key} AS k, ${wantedValue(derived)} AS v FROM ${identifier(table.id)} t LEFT JOIN ${identifier(other.id)} o ON o.${key} = t.${by} WHERE t.${key} IN (${candidates.join(' UNION ')})`,
    moved,
  );
}

function wantedValue(derived: Of<'value' | 'same'>): string {
  const value = `o.${identifier(derived.value)}`;
  if (derived.kind === 'same') return `coalesce(${value} = t.${identifier(derived.same)}, false)`;
  return derived.otherwise === undefined ? value : `coalesce(${value}, t.${identifier(derived.otherwise)})`;
}

async function fillCount(
  session: Session,
  table: StateTable,
  counted: StateTable,
  derived: Of<'count'>,
  moved: Moved,
): Promise<void> {
  const candidates: string[] = [];
  if (moved.changed.has(table.id))
    candidates.push(`SELECT ${key} FROM ${changedOf(table)} WHERE ${identifier('~fresh')}`);
  for (const by of derived.by) {
    if (moved.changed.has(counted.id)) {
      candidates.push(
        `SELECT ${identifier(by)} FROM ${identifier(counted.id)} WHERE ${key} IN (SELECT ${key} FROM ${changedOf(counted)})`,
        `SELECT ${identifier(beforeColumn(by))} FROM ${changedOf(counted)}`,
      );
    }
    if (moved.flipped.has(counted.id))
      candidates.push(
        `SELECT ${identifier(by)} FROM ${identifier(counted.id)} WHERE ${key} IN (FROM ${flippedOf(counted)})`,
      );
  }
  if (candidates.length === 0) return;
  const affected = identifier('~affected');
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${affected} AS SELECT DISTINCT k FROM (${candidates.join(' UNION ALL ')}) u(k) WHERE k IS NOT NULL`,
  );
  const named = derived.by.map(
    (by) =>
      `SELECT c.${identifier(by)} AS k FROM ${identifier(counted.id)} c WHERE c.${identifier(by)} IN (FROM ${affected}) AND ${isVisible(counted, 'c')}`,
  );
  await correct(
    session,
    table,
    derived.column,
    `SELECT t.${key} AS k, coalesce(n.n, 0) AS v FROM ${identifier(table.id)} t LEFT JOIN (SELECT k, count(*) AS n FROM (${named.join(' UNION ALL ')}) GROUP BY k) n ON n.k = t.${key} WHERE t.${key} IN (FROM ${affected})`,
    moved,
  );
}

/** Writes the wanted values where they differ, and remembers which rows that were. */
async function correct(
  session: Session,
  table: StateTable,
  column: string,
  wanted: string,
  moved: Moved,
): Promise<void> {
  const name = identifier(column);
  const found = await session.first<{ Count: string }>(
    `CREATE OR REPLACE TEMP TABLE ${corrections} AS SELECT w.k, w.v FROM (${wanted}) w JOIN ${identifier(table.id)} t ON t.${key} = w.k WHERE t.${name} IS DISTINCT FROM w.v`,
  );
  if (Number(found?.Count ?? 1) === 0) return;
  await session.run(
    `UPDATE ${identifier(table.id)} SET ${name} = c.v FROM ${corrections} c WHERE ${identifier(table.id)}.${key} = c.k`,
  );
  await touch(session, table, moved, `SELECT k FROM ${corrections}`);
}
