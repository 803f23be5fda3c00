/** The relation of slices as DuckDB reads them: columns `c0`, `c1`, … of text, in the order that was asked for. */
import { identifier, structLiteral } from '../../../duckdb/quote.ts';
import { fileList, readParquet } from '../../../duckdb/read-files.ts';
import type { Session } from '../../../duckdb/session.ts';
import type { SliceForm } from './slice-check.ts';

/** Longest line and buffer DuckDB is allowed: more costs memory in every thread, so it is asked for only after a failure. */
export const lineLimits = [
  null,
  { line: 16_777_216, buffer: 33_554_432 },
  { line: 67_108_864, buffer: 134_217_728 },
] as const;

export interface SliceFile {
  file: string;
  form: SliceForm;
}

/** CSV slices, gz and plain, in one relation that keeps their order. */
export function csvRelation(
  slices: readonly SliceFile[],
  columns: readonly string[],
  { header, lines }: { header: boolean; lines: (typeof lineLimits)[number] },
): string {
  if (slices.length === 0) return emptyRelation(columns);
  const types = structLiteral(columns.map((_, index) => [`c${index}`, "'VARCHAR'"] as const));
  const reads = runsOfOneForm(slices).map(
    ({ files, form }) =>
      // Without new_line a carriage return in a cell of the first record would pass for the line end of the file.
      `read_csv(${fileList(files)}, auto_detect = false, header = ${header}, delim = ',', quote = '"', escape = '"', new_line = '\\n', nullstr = '', allow_quoted_nulls = false, compression = '${form === 'gz' ? 'gzip' : 'none'}', columns = ${types}${
        lines === null ? '' : `, max_line_size = ${lines.line}, buffer_size = ${lines.buffer}`
      })`,
  );
  return reads.length === 1
    ? (reads[0] as string)
    : `(${reads.map((read) => `SELECT * FROM ${read}`).join(' UNION ALL ')})`;
}

/** The slices in their order, neighbours of one form together: the order of rows must not depend on which of them were stored packed. */
function runsOfOneForm(slices: readonly SliceFile[]): { form: SliceForm; files: string[] }[] {
  const runs: { form: SliceForm; files: string[] }[] = [];
  for (const { form, file } of slices) {
    const last = runs.at(-1);
    if (last?.form === form) last.files.push(file);
    else runs.push({ form, files: [file] });
  }
  return runs;
}

/** Parquet slices: each has types of its own, so every value is brought to the text that a CSV would have. */
export async function parquetRelation(
  session: Session,
  slices: readonly SliceFile[],
  columns: readonly string[],
  backend: string | null,
): Promise<string> {
  if (slices.length === 0) return emptyRelation(columns);
  const read = readParquet(
    slices.map(({ file }) => file),
    'union_by_name = true',
  );
  const described = await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${read}`);
  const types = new Map(described.map(({ column_name, column_type }) => [column_name, column_type]));
  const list = columns.map((name, index) => `${asText(identifier(name), types.get(name), backend)} AS c${index}`);
  return `(SELECT ${list.join(', ')} FROM ${read})`;
}

/** CSV slices hold bytes in hex on Snowflake and in base64 on BigQuery. */
function asText(column: string, type: string | undefined, backend: string | null): string {
  if (type === 'BLOB') return backend === 'bigquery' ? `to_base64(${column})` : `hex(${column})`;
  return `CAST(${column} AS VARCHAR)`;
}

function emptyRelation(columns: readonly string[]): string {
  return `(SELECT ${columns.map((_, index) => `CAST(NULL AS VARCHAR) AS c${index}`).join(', ')} LIMIT 0)`;
}

/** Whether the first record of a slice is the list of the column names, which the service does not write today. */
export function isHeader(head: Buffer, columns: readonly string[]): boolean {
  const enclosed = (name: string) => `"${name.replaceAll('"', '""')}"`;
  const forms = [
    columns.join(','),
    columns.map(enclosed).join(','),
    columns.map((name) => (/[",\r\n]/.test(name) ? enclosed(name) : name)).join(','),
  ];
  const text = head.toString('utf8').replace(/^\ufeff/, '');
  return forms.some((form) => text.startsWith(`${form}\n`) || text.startsWith(`${form}\r\n`) || text === form);
}
