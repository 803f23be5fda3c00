/** What the state keeps of a received table beside its own columns: versions, registers, and the part a row is published in. Pure. */
import { createHash } from 'node:crypto';
import type { DerivedColumn, ReceivedColumn, ReceivedTable } from '../../connectors/receive-way.ts';
import { identifier } from '../../duckdb/quote.ts';
import { AttacheError } from '../../errors/attache-error.ts';

/** Columns of the state start with a character no column of a source may have. */
export const own = {
  key: '~key',
  seen: '~seen',
  gone: '~gone',
  alive: '~alive',
  blocked: '~blocked',
  part: '~part',
  touched: '~touched',
} as const;

export interface StateTable {
  id: string;
  received: ReceivedTable;
  /** Groups of columns, each with a version of its own; `main` first. */
  groups: readonly string[];
  /** Columns that events fill. */
  payload: readonly ReceivedColumn[];
  /** Columns of the published table, in order. */
  published: readonly ReceivedColumn[];
  derived: readonly DerivedColumn[];
  /** Columns other tables look at: what they held before a change decides who else is affected. */
  tracked: readonly string[];
}

export function stateTables(tables: readonly ReceivedTable[]): StateTable[] {
  return tables.map((received) => {
    const derived = received.derived ?? [];
    const filled = new Set(derived.map((one) => one.column));
    const tracked = [...new Set(tables.flatMap((other) => lookedAt(other, received.id)))];
    const followed = tracked.find((column) => filled.has(column));
    if (followed !== undefined)
      throw new AttacheError('internal', {
        message: `${received.id}.${followed} is filled from other rows, so no other row can be filled from it.`,
      });
    const payload = received.columns.filter((column) => !filled.has(column.name));
    return {
      id: received.id,
      received,
      groups: [
        'main',
        ...new Set(payload.flatMap(({ group }) => (group === undefined || group === 'main' ? [] : [group]))),
      ],
      payload,
      published: received.columns.filter((column) => column.internal !== true),
      derived,
      tracked,
    };
  });
}

function lookedAt(other: ReceivedTable, table: string): string[] {
  return (other.derived ?? []).flatMap((one) => {
    if (one.kind === 'member' || one.table !== table) return [];
    return one.kind === 'count' ? [...one.by] : [one.value];
  });
}

/** Columns that decide where a row of the table itself stands and what its derived columns hold. */
export function looksAt({ received, derived }: StateTable): string[] {
  return [
    ...(received.parents ?? []).map(({ column }) => column),
    ...(received.hiddenBy === undefined ? [] : [received.hiddenBy]),
    ...(received.required ?? []),
    ...derived.flatMap((one) => {
      if (one.kind === 'same') return [one.by, one.same];
      if (one.kind !== 'value') return [];
      return one.otherwise === undefined ? [one.by] : [one.by, one.otherwise];
    }),
  ];
}

export const versionColumn = (group: string) => `~version_${group}`;

/** True while a member's value did not fit its column. */
export const misfitColumn = (column: string) => `~misfit_${column}`;

export function groupOf(column: ReceivedColumn): string {
  return column.group ?? 'main';
}

/** Name and type of every column the state has. */
export function stateColumns(table: StateTable): [name: string, type: string][] {
  return [
    [own.key, 'VARCHAR'],
    ...table.received.columns.map(({ name, type }): [string, string] => [name, type]),
    ...table.groups.map((group): [string, string] => [versionColumn(group), 'VARCHAR']),
    ...table.derived.flatMap((one): [string, string][] =>
      one.kind === 'member' ? [[misfitColumn(one.column), 'BOOLEAN']] : [],
    ),
    [own.seen, 'BIGINT'],
    [own.gone, 'BIGINT'],
    [own.alive, 'BIGINT'],
    [own.blocked, 'BOOLEAN'],
    [own.part, 'VARCHAR'],
    [own.touched, 'BIGINT'],
  ];
}

/** SQL: the row of `alias` belongs into the published table. */
export function isVisible(table: StateTable, alias: string): string {
  const required = (table.received.required ?? []).map((name) => ` AND ${alias}.${identifier(name)} IS NOT NULL`);
  return `(${alias}.${identifier(versionColumn('main'))} IS NOT NULL AND NOT coalesce(${alias}.${identifier(own.blocked)}, false)${required.join('')})`;
}

/** One text for a key of any number of columns. */
export function keyText(key: readonly string[]): string {
  return key.length === 1 ? (key[0] as string) : JSON.stringify(key);
}

/** Changes when the state would have to be built anew from the events. */
export function shapeHash(tables: readonly ReceivedTable[]): string {
  return createHash('sha256').update(JSON.stringify(tables)).digest('hex');
}
