/** Checks at registration that a table can be read as asked, and says what it will look like. */
import { qualified } from '../../duckdb/quote.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { SettledTable } from '../connector.ts';
import type { TableRequest } from '../table-request.ts';
import { describeTable } from './describe-table.ts';
import { explainError } from './explain-error.ts';
import { typeOf } from './plan-columns.ts';
import { chosenColumns, rowFilter } from './row-filter.ts';
import type { Snapshot } from './snapshot.ts';

export async function settleTable(snapshot: Snapshot, table: TableRequest): Promise<SettledTable> {
  const name = `${table.bucket ?? 'public'}.${table.source_table}`;
  try {
    const source = await describeTable(snapshot.ask, table);
    const chosen = chosenColumns(source, table.options.columns);
    const conditions = rowFilter(source, table.options.where ?? [], { kind: 'all' });
    await proveConditions(snapshot, qualified(source.schema, source.name), conditions);
    const types = chosen.map((column) => ({ name: column.name, type: typeOf(column) }));
    const known = types.filter((column): column is { name: string; type: string } => column.type !== null);
    const open = types.filter((column) => column.type === null).map((column) => column.name);
    const key = source.key.every((each) => chosen.some((column) => column.name === each)) ? source.key : [];
    return {
      options: table.options,
      columns: open.length === 0 ? known : null,
      offered: source.columns.map((column) => ({
        name: column.name,
        // Of a view's columns nobody knows; rows without a cursor show when the rows are counted.
        nullable: column.nullable && !['v', 'm'].includes(source.kind),
        type: typeOf(column),
      })),
      ...(table.primary_key.length === 0 && key.length > 0 ? { primary_key: key } : {}),
      notes: open.map((column) => `column ${column} is numeric without a precision: the first run measures its values`),
    };
  } catch (thrown) {
    throw explainError(thrown, `looking at ${name}`);
  }
}

/** The server itself says whether values fit their columns; it reads no row for that. */
async function proveConditions(snapshot: Snapshot, from: string, conditions: readonly string[]): Promise<void> {
  if (conditions.length === 0) return;
  const where = conditions.map((each) => `(${each})`).join(' AND ');
  try {
    await snapshot.ask(`SELECT 1 FROM ${from} WHERE ${where} LIMIT 0`);
  } catch (cause) {
    throw new AttacheError('options_invalid', {
      message: `The condition in \`where\` cannot be used: ${(cause as Error).message}.`,
      hint: 'Write each value as the column’s type has it, e.g. 2024-01-31 for a date.',
      cause,
    });
  }
}
