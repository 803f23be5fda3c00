/** Brings staged rows into a table of the state: each group and register moves only forward. */
import { identifier } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { groupOf, own, type StateTable, stateColumns, versionColumn } from './state-table.ts';

/** Temporary tables of a batch, by state table. */
export const changedOf = (table: StateTable) => identifier(`~changed ${table.id}`);
export const flippedOf = (table: StateTable) => identifier(`~flipped ${table.id}`);
export const touchedOf = (table: StateTable) => identifier(`~touched ${table.id}`);
export const beforeColumn = (column: string) => `~before ${column}`;

/** Merges `~staged`; afterwards the table's `changed` names the rows that moved, what other tables looked at before, and whether anything published differs. */
export async function mergeRows(session: Session, table: StateTable): Promise<void> {
  await session.run(`CREATE OR REPLACE TEMP TABLE ${identifier('~merged')} AS ${mergedRows(table)}`);
  const before = table.tracked.map((name) => identifier(beforeColumn(name)));
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${changedOf(table)} AS SELECT ${[identifier(own.key), identifier('~differs'), identifier('~fresh'), ...before].join(', ')} FROM ${identifier('~merged')}`,
  );
  await session.run(
    `DELETE FROM ${identifier(table.id)} WHERE ${identifier(own.key)} IN (SELECT ${identifier(own.key)} FROM ${identifier('~merged')} WHERE NOT ${identifier('~fresh')})`,
  );
  const columns = stateColumns(table).map(([name]) => identifier(name));
  await session.run(
    `INSERT INTO ${identifier(table.id)} (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM ${identifier('~merged')}`,
  );
}

function mergedRows(table: StateTable): string {
  const { primary_key } = table.received;
  const payload = table.payload.map((column) => {
    const name = identifier(column.name);
    const arrived = `TRY_CAST(s.${name} AS ${column.type})`;
    if (primary_key.includes(column.name)) return { name, sql: `coalesce(t.${name}, ${arrived})` };
    return { name, sql: `CASE WHEN ${advances(groupOf(column))} THEN ${arrived} ELSE t.${name} END` };
  });
  const registers = [own.seen, own.gone, own.alive].map((name) => identifier(name));
  const carried = stateColumns(table)
    .map(([name]) => name)
    .filter((name) => isCarried(table, name));
  const select = [
    `s.${identifier(own.key)}`,
    ...payload.map(({ name, sql }) => `${sql} AS ${name}`),
    ...table.groups.map((group) => {
      const name = identifier(versionColumn(group));
      return `greatest(s.${name}, t.${name}) AS ${name}`;
    }),
    ...registers.map((name) => `greatest(s.${name}, t.${name}) AS ${name}`),
    ...carried.map((name) => `t.${identifier(name)}`),
    `t.${identifier(own.key)} IS NULL AS ${identifier('~fresh')}`,
    `t.${identifier(own.key)} IS NULL OR t.${identifier(versionColumn('main'))} IS NULL OR ${payload.map(({ name, sql }) => `(${sql}) IS DISTINCT FROM t.${name}`).join(' OR ')} AS ${identifier('~differs')}`,
    ...table.tracked.map((name) => `t.${identifier(name)} AS ${identifier(beforeColumn(name))}`),
  ];
  const moves = [...table.groups.map(advances), ...registers.map((name) => `s.${name} > coalesce(t.${name}, -1)`)];
  return `SELECT ${select.join(', ')} FROM ${identifier('~staged')} s LEFT JOIN ${identifier(table.id)} t ON t.${identifier(own.key)} = s.${identifier(own.key)} WHERE ${moves.join(' OR ')}`;
}

function advances(group: string): string {
  const name = identifier(versionColumn(group));
  return `(s.${name} > coalesce(t.${name}, ''))`;
}

/** Columns that events do not move. */
function isCarried(table: StateTable, name: string): boolean {
  if (table.payload.some((column) => column.name === name)) return false;
  if (([own.key, own.seen, own.gone, own.alive] as string[]).includes(name)) return false;
  return !table.groups.some((group) => versionColumn(group) === name);
}
