/** Checks at registration that the file holds the table, and says what it will look like. */
import { probe } from '../../duckdb/probe.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { checkWhere } from '../check-where.ts';
import type { DiscoveredTable, SettledTable } from '../connector.ts';
import type { TableRequest } from '../table-request.ts';

/** A file or table that another program is writing, or has yet to write, is no fault of the registration: it is noted, and the first run will tell. */
export async function settleTable(
  table: TableRequest,
  path: string,
  discover: () => Promise<DiscoveredTable[]>,
): Promise<SettledTable> {
  let tables: DiscoveredTable[];
  try {
    tables = await discover();
  } catch (thrown) {
    if (!(thrown instanceof AttacheError) || !thrown.retryable) throw thrown;
    return { options: table.options, columns: null, notes: [`the first run will look at it: ${thrown.message}`] };
  }
  const schema = table.bucket ?? 'main';
  const found = tables.find(
    (each) => sameName(each.bucket ?? '', schema) && sameName(each.source_table, table.source_table),
  );
  if (found === undefined) {
    const held = tables.map((each) => `${each.bucket}.${each.source_table}`).join(', ') || 'nothing';
    const missing = `${path} has no table or view ${JSON.stringify(table.source_table)} in the schema ${schema} yet; it holds ${held}`;
    return { options: table.options, columns: null, notes: [missing] };
  }
  const offered = found.columns ?? [];
  const { columns: chosen, where } = table.options;
  const types = offered.map(({ name, source_type: type }) => ({ name, type }));
  if (where !== undefined) await probe((session) => checkWhere(session, types, where));
  return {
    options: table.options,
    columns: offered
      .filter(({ name }) => chosen === undefined || chosen.includes(name))
      .map(({ name, type, source_type }) => ({ name, type: type ?? source_type })),
    // Of a view's columns nobody knows; rows without a cursor show when the rows are counted.
    offered: offered.map((column) => ({ ...column, nullable: column.nullable && found.kind !== 'view' })),
    notes: [],
  };
}

/** As DuckDB compares names. */
function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
