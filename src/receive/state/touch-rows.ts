/** The rows of a batch whose published form may differ, collected by table. */
import type { Session } from '../../duckdb/session.ts';
import { touchedOf } from './merge-rows.ts';
import type { Moved } from './settle-visibility.ts';
import type { StateTable } from './state-table.ts';

/** `keys`: a query with one column of keys. */
export async function touch(session: Session, table: StateTable, moved: Moved, keys: string): Promise<void> {
  const start = moved.touched.has(table.id)
    ? `INSERT INTO ${touchedOf(table)}`
    : `CREATE OR REPLACE TEMP TABLE ${touchedOf(table)} AS`;
  moved.touched.add(table.id);
  await session.run(`${start} ${keys}`);
}
