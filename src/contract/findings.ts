/** Everything that can be wrong with an extract, in one table: the codes are stable, programs may rely on them. */

export type Severity = 'error' | 'warning';

export const findingCodes = {
  folder_missing: ['error', 'The folder does not exist'],
  extract_missing: ['error', 'There is no extract.duckdb'],
  not_a_database: ['error', 'extract.duckdb is not a DuckDB database that can be read'],
  locked: ['error', 'extract.duckdb is held by a program that writes to it'],
  wal_left: ['warning', 'A write-ahead log stands beside extract.duckdb: its writer did not close it'],
  source_name: ['warning', "The folder's name cannot be a source's name"],
  catalogue_too_large: ['error', 'A table of the contract has more rows than an extract can have'],
  meta_missing: ['error', 'There is no _meta'],
  meta_column_missing: ['error', '_meta lacks a column'],
  meta_column_extra: ['error', '_meta has a column that the contract does not know'],
  meta_column_type: ['error', 'A column of _meta has another type than the contract says'],
  name_invalid: ['error', 'A table name does not fit the grammar'],
  name_duplicate: ['error', 'A table is listed more than once'],
  query_mode_invalid: ['error', 'query_mode is neither local nor remote'],
  extracted_at_invalid: ['warning', 'extracted_at is not an instant'],
  object_missing: ['error', 'There is no table or view of that name'],
  object_unreadable: ['error', 'The table or view cannot be read'],
  object_unlisted: ['warning', 'A table or view is not listed in _meta'],
  rows_differ: ['warning', 'The table has another number of rows than _meta says'],
  parts_column_missing: ['error', '_parts lacks a column'],
  parts_column_extra: ['error', '_parts has a column that the contract does not know'],
  parts_column_type: ['error', 'A column of _parts has another type than the contract says'],
  part_unlisted: ['error', '_parts names a table that _meta does not list'],
  part_duplicate: ['error', 'A part is listed more than once'],
  part_path: ['error', 'The path of a part is not a relative path inside the folder'],
  part_escapes: ['error', 'A part is a link that leads out of the folder'],
  part_missing: ['error', 'The file of a part does not exist'],
  part_size: ['error', 'A part has another size than _parts says'],
  part_sha256: ['error', 'A part has another content than _parts says'],
  part_rows: ['error', 'A part has another number of rows than _parts says'],
  part_unreadable: ['error', 'A part is not a Parquet file that can be read'],
  parts_differ: ['error', 'The view does not give what the parts hold'],
  remote_column_missing: ['error', '_remote_attach lacks a column'],
  remote_column_extra: ['error', '_remote_attach has a column that the contract does not know'],
  remote_column_type: ['error', 'A column of _remote_attach has another type than the contract says'],
  remote_attach_missing: ['error', 'There are remote tables and no _remote_attach that says where they are'],
  remote_alias: ['error', 'An alias of _remote_attach does not fit the grammar'],
  remote_alias_duplicate: ['error', 'An alias of _remote_attach is listed more than once'],
  remote_extension: ['error', 'The extension of _remote_attach is not the name of one'],
  remote_token_env: ['error', 'token_env is not the name of an environment variable'],
  remote_secret: ['error', 'The url of _remote_attach seems to hold a secret'],
} as const satisfies Record<string, readonly [Severity, string]>;

export type FindingCode = keyof typeof findingCodes;

/** One thing that is wrong, with the table it concerns, or null for the extract as a whole. */
export interface Finding {
  code: FindingCode;
  severity: Severity;
  table: string | null;
  message: string;
}

/** A finding with the severity of its code. */
export function finding(code: FindingCode, table: string | null, detail: string): Finding {
  const [severity, title] = findingCodes[code];
  return { code, severity, table, message: `${title}: ${detail}` };
}
