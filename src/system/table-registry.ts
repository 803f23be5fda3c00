/** `table_registry`: which tables exist, where they come from and how they are read. */
import type { QueryMode } from '../contract/shapes.ts';
import type { Session } from '../duckdb/session.ts';

type SyncStrategy = 'full_refresh' | 'incremental' | 'partitioned';

export interface RegisteredTable {
  /** The only key: view name, folder name, URL, state key. Never changes. */
  id: string;
  /** A label for people. */
  name: string;
  source_type: string;
  source_name: string;
  bucket: string | null;
  source_table: string;
  sync_strategy: SyncStrategy;
  query_mode: QueryMode;
  sync_schedule: string | null;
  profile_after_sync: boolean;
  primary_key: string[];
  description: string | null;
  options: Record<string, unknown>;
  registered_by: string | null;
  registered_at: string;
}

type StoredTable = Omit<RegisteredTable, 'primary_key' | 'options'> & { primary_key: string; options: string };

const columns = [
  'id',
  'name',
  'source_type',
  'source_name',
  'bucket',
  'source_table',
  'sync_strategy',
  'query_mode',
  'sync_schedule',
  'profile_after_sync',
  'primary_key',
  'description',
  'options',
  'registered_by',
  'registered_at',
] as const satisfies (keyof RegisteredTable)[];

/** All registered tables by id. */
export async function listTables(session: Session): Promise<RegisteredTable[]> {
  const rows = await session.rows<StoredTable>(`SELECT ${columns.join(', ')} FROM table_registry ORDER BY id`);
  return rows.map(fromStored);
}

export async function findTable(session: Session, id: string): Promise<RegisteredTable | null> {
  const row = await session.first<StoredTable>(`SELECT ${columns.join(', ')} FROM table_registry WHERE id = $1`, [id]);
  return row === undefined ? null : fromStored(row);
}

/** Inserts the row; false when the id is taken. */
export async function insertTable(session: Session, table: RegisteredTable): Promise<boolean> {
  if ((await findTable(session, table.id)) !== null) return false;
  const places = columns.map((_, index) => `$${index + 1}`).join(', ');
  await session.run(`INSERT INTO table_registry (${columns.join(', ')}) VALUES (${places})`, stored(table));
  return true;
}

/** Replaces everything of the row but its id. */
export async function updateTable(session: Session, table: RegisteredTable): Promise<void> {
  const [, ...changing] = columns;
  const assignments = changing.map((column, index) => `${column} = $${index + 2}`).join(', ');
  await session.run(`UPDATE table_registry SET ${assignments} WHERE id = $1`, stored(table));
}

export async function deleteTable(session: Session, id: string): Promise<void> {
  await session.run('DELETE FROM table_registry WHERE id = $1', [id]);
}

function stored(table: RegisteredTable) {
  const row = {
    ...table,
    primary_key: JSON.stringify(table.primary_key),
    options: JSON.stringify(table.options),
  };
  return columns.map((column) => row[column]);
}

function fromStored(row: StoredTable): RegisteredTable {
  return {
    ...row,
    primary_key: JSON.parse(row.primary_key) as string[],
    options: JSON.parse(row.options) as Record<string, unknown>,
  };
}
