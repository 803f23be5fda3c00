/** The tables of a workspace as a table for people. */
import type { TableSummary } from '../../workspace/describe-workspace.ts';
import { textTable } from './text-table.ts';
import { humanAge, humanCount, humanSize } from './units.ts';

export function tablesText(tables: readonly TableSummary[]): string {
  return textTable(
    [
      { title: 'table' },
      { title: 'source' },
      { title: 'rows', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'extracted' },
      { title: 'synced' },
      { title: 'state' },
    ],
    tables.map((table) => [
      table.table,
      table.source ?? 'unknown',
      humanCount(table.rows),
      humanSize(table.size_bytes),
      humanAge(table.updated),
      humanAge(table.synced_at),
      table.failure === null ? 'ok' : `failed: ${table.failure.message}`,
    ]),
  );
}
