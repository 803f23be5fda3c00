/** Finds rows of the state by key. Those a batch changed are at hand; only the others are looked for among all there are, and not at all when there are none. */
import { identifier } from '../../duckdb/quote.ts';
import { mergedOf } from './merge-rows.ts';
import type { Moved } from './settle-visibility.ts';
import { own, type StateTable } from './state-table.ts';

const key = identifier(own.key);

/** SQL: `columns` over the alias `t`, which may be those `looksAt` names, for the rows whose keys the query `keys` gives. */
export function lookUp(table: StateTable, { changed }: Pick<Moved, 'changed'>, columns: string, keys: string): string {
  const from = (rows: string, wanted: string) => `SELECT ${columns} FROM ${rows} t WHERE t.${key} IN (${wanted})`;
  if (!changed.has(table.id)) return from(identifier(table.id), keys);
  const merged = mergedOf(table);
  const others = `SELECT * FROM (${keys}) EXCEPT SELECT ${key} FROM ${merged}`;
  return `${from(merged, keys)} UNION ALL ${from(identifier(table.id), others)}`;
}
