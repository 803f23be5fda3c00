/** What a replay found, as a table and a sentence. */
import { textTable } from './text-table.ts';
import { humanCount, plural } from './units.ts';

export interface Replayed {
  equal: boolean;
  /** `before` is empty for a table that was not there. */
  tables: readonly { table: string; rows: number; before: string; after: string }[];
}

export function replayText({ tables }: Replayed): string {
  const columns = [{ title: 'table' }, { title: 'rows', align: 'right' }, { title: 'outcome' }] as const;
  return textTable(
    columns,
    tables.map((one) => [one.table, humanCount(one.rows), outcomeOf(one)]),
  );
}

export function replaySummary({ equal, tables }: Replayed): string {
  if (equal) return `${plural(tables.length, 'table')} came out the same.`;
  const different = tables.filter(({ before, after }) => before !== after);
  return `${humanCount(different.length)} of ${plural(tables.length, 'table')} came out different. What the kept events tell is live.`;
}

function outcomeOf({ before, after }: Replayed['tables'][number]): string {
  if (before === '') return 'new';
  return before === after ? 'the same' : 'different';
}
