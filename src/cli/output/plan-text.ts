/** A planned sync as text for people. */
import { textTable } from './text-table.ts';
import { humanCount, humanSize } from './units.ts';

export interface PlannedTable {
  id: string;
  action: string;
  reason: string | null;
  rows: number | null;
  bytes: number | null;
  schema_changes: string[];
  warnings: string[];
  error: { code: string; message: string; hint: string | null } | null;
}

const columns = [
  { title: 'table' },
  { title: 'would read' },
  { title: 'rows', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'why' },
] as const;

export function planText(tables: readonly PlannedTable[]): string {
  const rows = tables.map((table) => [
    table.id,
    table.action,
    humanCount(table.rows),
    table.bytes === null ? 'unknown' : humanSize(table.bytes),
    table.reason ?? '',
  ]);
  const notes = tables.flatMap((table) =>
    [...table.schema_changes, ...table.warnings].map((note) => `${table.id}: ${note}\n`),
  );
  return `${textTable(columns, rows)}${notes.join('')}`;
}
