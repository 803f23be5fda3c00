/** Reads the contract's own tables of attached extracts, many at once, whatever their columns are. */
import { literal, literalList, qualified } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';

export const contractTables = ['_meta', '_parts', '_remote_attach', '_da_tables'] as const;
export type ContractTable = (typeof contractTables)[number];

/** Tables and views of an extract's main schema by lower-case name: names are case-insensitive in DuckDB. */
export type ExtractObjects = ReadonlyMap<string, 'table' | 'view'>;

/** The rows of the contract's tables, each as an object with lower-case keys. */
export type ContractRows = Record<ContractTable, JsonRow[]>;
export type JsonRow = Record<string, unknown>;

/** Whether our publisher made the extract: its own tables are plain ones, so reading them runs no SQL of a stranger. */
export function isOurs(objects: ExtractObjects): boolean {
  const plain = ['_meta', '_parts', '_da_tables'].every((name) => objects.get(name) === 'table');
  return plain && objects.get('_remote_attach') !== 'view';
}

/** What stands in the main schema of each of the databases `catalogs`. */
export async function listObjects(session: Session, catalogs: readonly string[]): Promise<Map<string, ExtractObjects>> {
  const where = `WHERE list_contains(${literalList(catalogs)}, database_name) AND schema_name = 'main' AND NOT internal`;
  const found = await session.rows<{ catalog: string; name: string; kind: 'table' | 'view' }>(
    `SELECT database_name AS catalog, table_name AS name, 'table' AS kind FROM duckdb_tables() ${where}
     UNION ALL SELECT database_name, view_name, 'view' FROM duckdb_views() ${where}`,
  );
  const objects = new Map(catalogs.map((catalog) => [catalog, new Map<string, 'table' | 'view'>()]));
  for (const { catalog, name, kind } of found) objects.get(catalog)?.set(name.toLowerCase(), kind);
  return objects;
}

/** All rows of the contract's tables in the databases that `objects` describes, in one statement. */
export async function readContractRows(
  session: Session,
  objects: ReadonlyMap<string, ExtractObjects>,
): Promise<Map<string, ContractRows>> {
  const read = new Map<string, ContractRows>();
  const selects: string[] = [];
  for (const [catalog, names] of objects) {
    read.set(catalog, { _meta: [], _parts: [], _remote_attach: [], _da_tables: [] });
    for (const name of contractTables.filter((table) => names.has(table))) {
      selects.push(
        `SELECT ${literal(catalog)} AS catalog, ${literal(name)} AS name, CAST(to_json(t) AS VARCHAR) AS row FROM ${qualified(catalog, 'main', name)} AS t`,
      );
    }
  }
  if (selects.length === 0) return read;
  const rows = await session.rows<{ catalog: string; name: ContractTable; row: string }>(selects.join(' UNION ALL '));
  for (const { catalog, name, row } of rows) read.get(catalog)?.[name].push(lowerKeys(JSON.parse(row) as JsonRow));
  return read;
}

function lowerKeys(row: JsonRow): JsonRow {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key.toLowerCase(), value]));
}
