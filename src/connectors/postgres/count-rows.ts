/** Counts the rows of a table in the run's snapshot, so that an increment can be reconciled with the whole. */
import { qualified } from '../../duckdb/quote.ts';
import type { TableRequest } from '../table-request.ts';
import { describeTable } from './describe-table.ts';
import { explainError } from './explain-error.ts';
import { rowFilter } from './row-filter.ts';
import type { Snapshot } from './snapshot.ts';

export async function countRows(snapshot: Snapshot, table: TableRequest): Promise<number> {
  try {
    const source = await describeTable(snapshot.ask, table);
    const conditions = rowFilter(source, table.options.where ?? [], { kind: 'all' }).map((each) => `(${each})`);
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    const [row] = await snapshot.ask<{ count: string }>(
      `SELECT count(*)::text AS count FROM ${qualified(source.schema, source.name)}${where}`,
    );
    return Number(row?.count);
  } catch (thrown) {
    throw explainError(thrown, `counting the rows of ${table.bucket ?? 'public'}.${table.source_table}`);
  }
}
