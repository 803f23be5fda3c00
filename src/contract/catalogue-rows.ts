/** Reads the contract's own tables of attached extracts, many at once, whatever their columns are. */
import { literal, literalList, qualified } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { AttacheError } from '../errors/attache-error.ts';

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

/** More rows than the catalogues read together have. A stranger's `_meta` may be a view without end, and every row comes into this process's memory. */
const mostRows = 500_000;

/**
 * All rows of the contract's tables in the databases that `objects` describes, in one statement. Throws `contract_broken` when they are more than `mostRows`; one
 * limit for all, because each limit inside a union of hundreds of selects costs a pipeline of its own.
 */
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
  const rows = await session.rows<{ catalog: string; name: ContractTable; row: string }>(
    `FROM (${selects.join(' UNION ALL ')}) LIMIT ${mostRows + 1}`,
  );
  if (rows.length > mostRows) throw endless(rows);
  for (const { catalog, name, row } of rows) read.get(catalog)?.[name].push(lowerKeys(JSON.parse(row) as JsonRow));
  return read;
}

function endless(rows: readonly { name: ContractTable }[]): AttacheError {
  const counts = contractTables.map((name) => ({ name, count: rows.filter((row) => row.name === name).length }));
  const { name } = counts.reduce((most, one) => (one.count > most.count ? one : most));
  return new AttacheError('contract_broken', {
    message: `${name} has more than ${mostRows} rows.`,
    hint: `${name} holds a row for each table or part; correct the program that writes the extract.`,
  });
}

function lowerKeys(row: JsonRow): JsonRow {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key.toLowerCase(), value]));
}
