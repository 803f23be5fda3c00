/** `data-preview`: a look at a few rows, as CSV with a header or as JSON. */
import type { Cell } from '../data/database.ts';
import { selectRows } from '../data/select.ts';
import { csvCell } from '../data/types.ts';
import { parseForm } from '../http/form.ts';
import { jsonReply, type Reply, textReply } from '../http/reply.ts';
import { type Call, findTable } from './call.ts';
import { ApiError, validation } from './errors.ts';
import { readSelection } from './export-request.ts';

const maxRows = 1000;
const maxColumns = 30;
const maxCell = 16_384;

export async function preview(call: Call): Promise<Reply> {
  const { service, request, params } = call;
  const table = findTable(call, params.tableId!);
  const query: Record<string, unknown> = parseForm(request.rawQuery);
  const limit = Number(query.limit ?? 100);
  if (!(limit >= 0 && limit <= maxRows)) throw validation([`limit: must be at most ${maxRows}.`]);
  const selection = readSelection(call, table, { ...query, limit });
  if (selection.columns.length > maxColumns) {
    throw new ApiError(
      400,
      'storage.maxNumberOfColumnsExceed',
      `Maximum number of columns (${maxColumns}) exceeded; use the columns parameter`,
    );
  }
  const { sql, columns } = selectRows(table, selection);
  const dialect = { backend: table.bucket.backend, fractions: false };
  const cells = columns.map((column, index) => `${csvCell(`o${index}`, column, dialect)} AS o${index}`);
  const rows = await service.database.rows(`SELECT ${cells.join(', ')} FROM (${sql})`);
  const names = columns.map(({ name }) => name);
  if (query.format === 'json') return jsonReply(200, { columns: names, rows: rows.map((row) => jsonRow(names, row)) });
  return textReply(
    200,
    'text/csv; charset=utf-8',
    [names, ...rows].map((row) => `${row.map(quoteCell).join(',')}\n`).join(''),
  );
}

function jsonRow(names: string[], row: Cell[]) {
  return row.map((value, index) => {
    const text = value === null ? null : String(value);
    return {
      columnName: names[index],
      value: text?.slice(0, maxCell) ?? null,
      isTruncated: (text?.length ?? 0) > maxCell,
    };
  });
}

function quoteCell(value: Cell): string {
  return `"${String(value ?? '').replaceAll('"', '""')}"`;
}
