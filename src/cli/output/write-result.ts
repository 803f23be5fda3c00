/** A query's result as a table, as JSON or as CSV, written while it streams. */
import type { QueryResult } from '../../workspace/query-workspace.ts';
import type { Terminal } from '../terminal.ts';
import { csvLine } from './csv.ts';
import { textTable } from './text-table.ts';

export const resultForms = ['table', 'json', 'csv'] as const;
export type ResultForm = (typeof resultForms)[number];

/** A table for people is laid out as a whole, so it ends here unless asked for more. */
export const tableLimit = 1_000;

export async function writeResult(
  terminal: Terminal,
  result: QueryResult,
  form: ResultForm,
  limit: number | null,
): Promise<void> {
  if (form !== 'json' && result.columns.length === 0) return;
  if (form === 'json') await writeJsonRows(terminal, result, limit);
  else if (form === 'csv') await writeCsv(terminal, result, limit);
  else await writeTable(terminal, result, limit ?? tableLimit);
}

/** An array of objects with one row to a line. A failure on the way still closes the array. */
async function writeJsonRows(terminal: Terminal, result: QueryResult, limit: number | null): Promise<void> {
  const names = result.columns.map((column) => JSON.stringify(column.name));
  let opened = false;
  try {
    for await (const rows of upTo(terminal, result.batches, limit)) {
      const lines = rows.map(
        (row) => `{${row.map((value, index) => `${names[index]}:${JSON.stringify(value)}`).join(',')}}`,
      );
      if (lines.length === 0) continue;
      await terminal.data(`${opened ? ',\n' : '['}${lines.join(',\n')}`);
      opened = true;
    }
  } catch (thrown) {
    if (opened) await terminal.data(']\n');
    throw thrown;
  }
  await terminal.data(opened ? ']\n' : '[]\n');
}

async function writeCsv(terminal: Terminal, result: QueryResult, limit: number | null): Promise<void> {
  await terminal.data(csvLine(result.columns.map((column) => column.name)));
  for await (const rows of upTo(terminal, result.batches, limit)) {
    if (rows.length > 0) await terminal.data(rows.map((row) => csvLine(row)).join(''));
  }
}

async function writeTable(terminal: Terminal, result: QueryResult, limit: number): Promise<void> {
  const rows: string[][] = [];
  for await (const batch of upTo(terminal, result.batches, limit)) {
    for (const row of batch) rows.push(row.map(cellText));
  }
  const numeric = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|UINTEGER|FLOAT|DOUBLE|DECIMAL)/;
  const columns = result.columns.map(({ name, type }) => ({
    title: name,
    align: numeric.test(type) && !type.endsWith(']') ? ('right' as const) : ('left' as const),
  }));
  await terminal.data(textTable(columns, rows));
}

function cellText(value: unknown): string {
  if (value === null) return 'NULL';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The batches cut at `limit` rows; says so when there were more. */
async function* upTo<Row>(
  terminal: Terminal,
  batches: AsyncIterable<Row[]>,
  limit: number | null,
): AsyncGenerator<Row[]> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const rows of batches) {
    if (rows.length <= left) {
      left -= rows.length;
      yield rows;
      continue;
    }
    yield rows.slice(0, left);
    terminal.say(`Only the first ${limit} rows are shown; see --limit and --output.`);
    return;
  }
}
