/** Whether the rows a state holds can become those that are asked for now: tables under other names, or rows under another key, would be empty or doubled. */

import { identifier } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { StateTable } from './state-table.ts';

/** Facts about the state as a whole, by name. */
export const metaTable = identifier('~meta');

/** The state belongs to settings that are no longer: its rows have to be built anew from the events. */
export class OutgrownState extends AttacheError {
  constructor(why: string) {
    super('conflict', { message: why });
  }
}

/** Columns of each table's key, with their types. */
export function keysText(tables: readonly StateTable[]): string {
  return JSON.stringify(Object.fromEntries(tables.map(keyOf)));
}

function keyOf({ id, received }: StateTable): [id: string, key: string] {
  const type = (name: string) => received.columns.find((column) => column.name === name)?.type ?? 'VARCHAR';
  return [id, received.primary_key.map((name) => `${name} ${type(name)}`).join(', ')];
}

export async function checkCarriedOver(session: Session, tables: readonly StateTable[]): Promise<void> {
  const row = await session.first<{ value: string }>(`SELECT value FROM ${metaTable} WHERE name = 'keys'`);
  if (row === undefined) return;
  const before = new Map(Object.entries(JSON.parse(row.value) as Record<string, string>));
  const now = new Map(tables.map(keyOf));
  const left = [...before.keys()].filter((id) => !now.has(id));
  const come = [...now.keys()].filter((id) => !before.has(id));
  // One alone is a table the connector has gained or given up.
  if (left.length > 0 && come.length > 0) throw new OutgrownState(`${left[0]} is now called ${come[0]}.`);
  for (const [id, key] of now) {
    const known = before.get(id) ?? key;
    if (known !== key) throw new OutgrownState(`The key of ${id} was (${known}) and is now (${key}).`);
  }
}
