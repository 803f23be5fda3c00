/** Hands a batch's rows to DuckDB: one file of JSON lines, read with given columns. */
import { writeFile } from 'node:fs/promises';
import { identifier, literal, structLiteral } from '../../duckdb/quote.ts';
import { fileList } from '../../duckdb/read-files.ts';
import type { Session } from '../../duckdb/session.ts';
import type { StagedRow } from './reduce-changes.ts';
import { groupOf, keyText, own, type StateTable, versionColumn } from './state-table.ts';

/** Fills the temporary table `~staged`. */
export async function stageRows(
  session: Session,
  table: StateTable,
  rows: Iterable<StagedRow>,
  file: string,
): Promise<void> {
  const lines: string[] = [];
  let longest = 0;
  for (const row of rows) {
    const line = lineOf(table, row);
    longest = Math.max(longest, Buffer.byteLength(line));
    lines.push(line);
  }
  await writeFile(file, `${lines.join('\n')}\n`);
  const columns: [string, string][] = [
    ...[own.key, ...table.groups.map(versionColumn)].map((name): [string, string] => [name, literal('VARCHAR')]),
    ...table.payload.map(({ name }): [string, string] => [name, literal('VARCHAR')]),
    ...[own.seen, own.gone, own.alive].map((name): [string, string] => [name, literal('BIGINT')]),
  ];
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${identifier('~staged')} AS FROM read_json(${fileList(file)}, format = 'newline_delimited', columns = ${structLiteral(columns)}, maximum_object_size = ${Math.max(1 << 20, longest + 1024)})`,
  );
}

function lineOf(table: StateTable, row: StagedRow): string {
  const line: Record<string, unknown> = { [own.key]: plain(keyText(row.key)) };
  for (const [index, name] of table.received.primary_key.entries()) line[name] = plain(row.key[index] ?? null);
  for (const [group, { version }] of row.groups) line[versionColumn(group)] = plain(version);
  for (const column of table.payload) {
    const known = row.groups.get(groupOf(column));
    if (known !== undefined && known.row[column.name] !== undefined) line[column.name] = plain(known.row[column.name]);
  }
  line[own.seen] = row.seen;
  line[own.gone] = row.gone;
  line[own.alive] = row.alive;
  return JSON.stringify(line);
}

/** Text that DuckDB takes: without NUL, without halves of characters. */
function plain(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = String(value);
  return /[\0\ud800-\udfff]/.test(text) ? Buffer.from(text.replaceAll('\0', '\ufffd')).toString() : text;
}
