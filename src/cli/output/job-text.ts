/** Jobs as text for people. */
import { printable } from '../printable.ts';
import type { Terminal } from '../terminal.ts';
import { textTable } from './text-table.ts';
import { humanAge, humanCount, plural } from './units.ts';

/** What the server says of a job; the members used here. */
export interface Job {
  id: string;
  status: string;
  created_at: string;
  finished_at: string | null;
  tables: JobTable[];
  error: { code: string; message: string; hint: string | null } | null;
}

interface JobTable {
  id: string;
  status: string;
  rows: number | null;
  rejected: number;
  warnings: string[];
  schema_changes: string[];
  error: { code: string; message: string; hint: string | null } | null;
}

export function jobsText(jobs: readonly Job[]): string {
  return textTable(
    [{ title: 'job' }, { title: 'status' }, { title: 'tables', align: 'right' }, { title: 'created' }],
    jobs.map((job) => [job.id, job.status, String(job.tables.length), humanAge(job.created_at)]),
  );
}

export function jobTablesText(job: Job): string {
  return textTable(
    [{ title: 'table' }, { title: 'status' }, { title: 'rows', align: 'right' }, { title: 'rejected', align: 'right' }],
    job.tables.map((table) => [table.id, table.status, humanCount(table.rows), String(table.rejected)]),
  );
}

/** Says one table's result on stderr, with everything a person should know about it. */
export function tellTable(terminal: Terminal, table: JobTable): void {
  const rows = table.rows === null ? '' : `, ${plural(table.rows, 'row')}`;
  const rejected = table.rejected > 0 ? `, ${humanCount(table.rejected)} rejected` : '';
  terminal.say(`${table.status} ${table.id}${rows}${rejected}`);
  for (const change of table.schema_changes) terminal.say(`  ${printable(change)}`);
  for (const warning of table.warnings) terminal.say(`  ${printable(warning)}`);
  if (table.error === null) return;
  terminal.complain(`  ${terminal.paint('red', table.error.code)}: ${printable(table.error.message)}`);
  if (table.error.hint !== null) terminal.complain(`  ${terminal.paint('dim', printable(table.error.hint))}`);
}
