/**
 * Brings staged rows into a table of the state: each group and register moves only forward. A row whose main group advances is replaced; of any other only
 * what moves is written. Wide columns of the rows that are there are never read: finding a few rows then costs their keys and nothing else.
 */
import { identifier } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { hashDigits } from './reduce-changes.ts';
import { groupOf, looksAt, own, type StateTable, stateColumns, versionColumn } from './state-table.ts';

/** Temporary tables of a batch, by state table. `merged` holds the rows that moved as they are now, in all columns but the wide ones. */
export const mergedOf = (table: StateTable) => identifier(`~merged ${table.id}`);
export const changedOf = (table: StateTable) => identifier(`~changed ${table.id}`);
export const flippedOf = (table: StateTable) => identifier(`~flipped ${table.id}`);
export const touchedOf = (table: StateTable) => identifier(`~touched ${table.id}`);
/** Columns of `changed`: what a tracked column held before and holds now, and whether that differs. */
export const beforeColumn = (column: string) => `~before ${column}`;
export const afterColumn = (column: string) => `~after ${column}`;
export const alteredColumn = (column: string) => `~altered ${column}`;

/** What a merge did, as far as other tables have to look at it. */
export interface Merged {
  /** Some rows are new. */
  fresh: boolean;
  /** Tracked columns that changed anywhere. */
  altered: ReadonlySet<string>;
}

const found = identifier('~found');
const held = identifier('~held');
const row = identifier('~row');
const key = identifier(own.key);
const fresh = identifier('~fresh');
const whole = identifier('~whole');
const differs = identifier('~differs');

/** Merges `~staged`; afterwards the table's `changed` names the rows that moved and whether anything published differs. */
export async function mergeRows(session: Session, table: StateTable): Promise<Merged> {
  const name = identifier(table.id);
  const merged = mergedOf(table);
  const columns = stateColumns(table).map(([column]) => identifier(column));
  // In two steps: the first reads the keys alone, the second only where there are rows to take.
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${found} AS SELECT rowid AS ${row} FROM ${name} WHERE ${key} IN (SELECT ${key} FROM ${identifier('~staged')})`,
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${held} AS SELECT rowid AS ${row}, ${heldColumns(table).map(identifier).join(', ')} FROM ${name} WHERE rowid IN (FROM ${found})`,
  );
  await session.run(`CREATE OR REPLACE TEMP TABLE ${merged} AS ${mergedRows(table)}`);
  await session.run(`CREATE OR REPLACE TEMP TABLE ${changedOf(table)} AS ${changedRows(table)}`);
  const told = await summary(session, table);
  if (told.replaced)
    await session.run(
      `DELETE FROM ${name} WHERE rowid IN (SELECT ${row} FROM ${merged} WHERE ${whole} AND NOT ${fresh})`,
    );
  if (told.adjusted)
    await session.run(
      `UPDATE ${name} SET ${adjustable(table)
        .map((column) => `${identifier(column)} = m.${identifier(column)}`)
        .join(', ')} FROM (FROM ${merged} WHERE NOT ${whole}) m WHERE ${name}.rowid = m.${row}`,
    );
  if (told.fresh || told.replaced)
    await session.run(
      `INSERT INTO ${name} (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM ${merged} WHERE ${whole}`,
    );
  return told;
}

/** All but the wide ones: columns of the main group that nothing looks at. */
function heldColumns(table: StateTable): string[] {
  const lookedAt = new Set([...table.tracked, ...looksAt(table)]);
  return stateColumns(table)
    .map(([name]) => name)
    .filter((name) => {
      const column = table.payload.find((one) => one.name === name);
      return column === undefined || groupOf(column) !== 'main' || lookedAt.has(name);
    });
}

function mergedRows(table: StateTable): string {
  const isHeld = new Set(heldColumns(table));
  const payload = table.payload.map((column) => {
    const name = identifier(column.name);
    const arrived = `TRY_CAST(s.${name} AS ${column.type})`;
    const isKey = table.received.primary_key.includes(column.name);
    if (isKey || !isHeld.has(column.name)) return `${arrived} AS ${name}`;
    return `CASE WHEN ${advances(groupOf(column))} THEN ${arrived} ELSE h.${name} END AS ${name}`;
  });
  const select = [
    `s.${key}`,
    ...payload,
    ...moving(table).map((name) => `greatest(s.${identifier(name)}, h.${identifier(name)}) AS ${identifier(name)}`),
    ...carried(table).map((name) => `h.${identifier(name)}`),
    `h.${row}`,
    `h.${key} IS NULL AS ${fresh}`,
    `h.${key} IS NULL OR ${advances('main')} AS ${whole}`,
    `h.${identifier(versionColumn('main'))} IS NULL OR ${table.groups.map(saysOther).join(' OR ')} AS ${differs}`,
    ...table.tracked.map((name) => `h.${identifier(name)} AS ${identifier(beforeColumn(name))}`),
  ];
  const registers = [own.seen, own.gone, own.alive].map(identifier);
  const moves = [...table.groups.map(advances), ...registers.map((name) => `s.${name} > coalesce(h.${name}, -1)`)];
  return `SELECT ${select.join(', ')} FROM ${identifier('~staged')} s LEFT JOIN ${held} h ON h.${key} = s.${key} WHERE ${moves.join(' OR ')}`;
}

function changedRows(table: StateTable): string {
  const tracked = table.tracked.flatMap((name) => {
    return [
      identifier(beforeColumn(name)),
      `${identifier(name)} AS ${identifier(afterColumn(name))}`,
      `${alters(name)} AS ${identifier(alteredColumn(name))}`,
    ];
  });
  return `SELECT ${[key, differs, fresh, ...tracked].join(', ')} FROM ${mergedOf(table)}`;
}

async function summary(
  session: Session,
  table: StateTable,
): Promise<Merged & { replaced: boolean; adjusted: boolean }> {
  const flags = [fresh, `${whole} AND NOT ${fresh}`, `NOT ${whole}`, ...table.tracked.map(alters)];
  const found = await session.first<Record<string, boolean | null>>(
    `SELECT ${flags.map((flag, index) => `bool_or(${flag}) AS f${index}`).join(', ')} FROM ${mergedOf(table)}`,
  );
  const [isFresh, replaced, adjusted, ...altered] = flags.map((_, index) => found?.[`f${index}`] === true);
  return {
    fresh: isFresh!,
    replaced: replaced!,
    adjusted: adjusted!,
    altered: new Set(table.tracked.filter((_, index) => altered[index])),
  };
}

function alters(column: string): string {
  return `${identifier(beforeColumn(column))} IS DISTINCT FROM ${identifier(column)}`;
}

/** Never NULL: a batch that says nothing of a group does not advance it. */
function advances(group: string): string {
  const name = identifier(versionColumn(group));
  return `coalesce(s.${name} > coalesce(h.${name}, ''), false)`;
}

/** A newer version that repeats the same content is no difference: versions end in a hash of it. */
function saysOther(group: string): string {
  const name = identifier(versionColumn(group));
  return `(${advances(group)} AND right(s.${name}, ${hashDigits}) IS DISTINCT FROM right(h.${name}, ${hashDigits}))`;
}

/** Versions and registers: they only grow. */
function moving(table: StateTable): string[] {
  return [...table.groups.map(versionColumn), own.seen, own.gone, own.alive];
}

/** Columns that events do not move. */
function carried(table: StateTable): string[] {
  const moved = new Set([own.key, ...moving(table), ...table.payload.map(({ name }) => name)]);
  return stateColumns(table)
    .map(([name]) => name)
    .filter((name) => !moved.has(name));
}

/** What may change in a row that is not replaced. */
function adjustable(table: StateTable): string[] {
  const others = table.payload.filter((column) => groupOf(column) !== 'main').map(({ name }) => name);
  return [...moving(table), ...others];
}
