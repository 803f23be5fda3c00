/** Reads what an open extract says of itself and expects anything: every row is judged by itself, nothing throws because a row is bad. */
import { identifier, literal, qualified } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { type Finding, finding } from './findings.ts';
import { identityFault } from './identity.ts';
import { judgeRemoteAttach } from './judge-remote-attach.ts';
import type { MetaRow, Part, QueryMode, RemoteAttach, TableRecord } from './shapes.ts';
import { metaColumns, partsColumns, remoteAttachColumns } from './tables.ts';

/** What stands in the database of an extract. */
export interface ExaminedCatalogue {
  findings: Finding[];
  /** Rows of `_meta` with a name that can be used, by that name. */
  tables: Map<string, ExaminedTable>;
  remoteAttach: RemoteAttach[];
  /** The publish that made it; null when the extract is not of our making. */
  generation: number | null;
}

export interface ExaminedTable {
  meta: MetaRow;
  /** What the extract has under that name. */
  object: 'table' | 'view' | null;
  /** Null when `_parts` says nothing of the table. */
  parts: Part[] | null;
  record: TableRecord | null;
}

type Json = Record<string, unknown>;

const contractTables = ['_meta', '_parts', '_remote_attach', '_da_tables'] as const;
type ContractTable = (typeof contractTables)[number];

/** Tables and views of an extract's main schema by lower-case name: names are case-insensitive in DuckDB. */
export type ExtractObjects = ReadonlyMap<string, 'table' | 'view'>;

/** Whether our publisher made the extract: its own tables are plain ones, so reading them runs no SQL of a stranger. */
export function isOurs(objects: ExtractObjects): boolean {
  const plain = ['_meta', '_parts', '_da_tables'].every((name) => objects.get(name) === 'table');
  return plain && objects.get('_remote_attach') !== 'view';
}

/** Examines the database `catalog` of the session, e.g. the alias it is attached under. */
export async function examineCatalogue(
  session: Session,
  catalog: string,
  known?: ExtractObjects,
): Promise<ExaminedCatalogue> {
  const objects = known ?? (await listObjects(session, catalog));
  const result: ExaminedCatalogue = { findings: [], tables: new Map(), remoteAttach: [], generation: null };
  if (!objects.has('_meta')) {
    result.findings.push(finding('meta_missing', null, 'nothing says which tables the extract offers'));
    return result;
  }
  // What our own publisher wrote needs no look at its columns.
  if (!isOurs(objects)) result.findings.push(...(await judgeColumns(session, catalog, objects)));
  const rows = await readContractTables(session, catalog, objects);
  judgeMeta(rows._meta, objects, result);
  judgeParts(rows._parts, result);
  if (isOurs(objects)) readRecords(rows._da_tables, result);
  result.remoteAttach = rows._remote_attach.map(asRemoteAttach);
  result.findings.push(...judgeRemoteAttach(result.remoteAttach, [...result.tables.values()]));
  for (const [name] of objects) {
    if (contractTables.includes(name as ContractTable) || result.tables.has(name)) continue;
    if (identityFault(name) === null && rows._meta.every((row) => String(row.table_name).toLowerCase() !== name)) {
      result.findings.push(finding('object_unlisted', name, 'nobody will see it'));
    }
  }
  return result;
}

/** What stands in the main schema of the database `catalog`. */
export async function listObjects(session: Session, catalog: string): Promise<ExtractObjects> {
  const where = `WHERE database_name = ${literal(catalog)} AND schema_name = 'main' AND NOT internal`;
  const rows = await session.rows<{ name: string; kind: 'table' | 'view' }>(
    `SELECT table_name AS name, 'table' AS kind FROM duckdb_tables() ${where}
     UNION ALL SELECT view_name, 'view' FROM duckdb_views() ${where}`,
  );
  return new Map(rows.map((row) => [row.name.toLowerCase(), row.kind]));
}

/** All rows of the contract's tables as JSON, in one statement, whatever their columns are. */
async function readContractTables(
  session: Session,
  catalog: string,
  objects: ExtractObjects,
): Promise<Record<ContractTable, Json[]>> {
  const present = contractTables.filter((name) => objects.has(name));
  const selects = present.map(
    (name) =>
      `SELECT ${literal(name)} AS name, CAST(to_json(t) AS VARCHAR) AS row FROM ${qualified(catalog, 'main', name)} AS t`,
  );
  const rows: Record<ContractTable, Json[]> = { _meta: [], _parts: [], _remote_attach: [], _da_tables: [] };
  for (const { name, row } of await session.rows<{ name: ContractTable; row: string }>(selects.join(' UNION ALL '))) {
    rows[name].push(lowerKeys(JSON.parse(row) as Json));
  }
  return rows;
}

function lowerKeys(row: Json): Json {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key.toLowerCase(), value]));
}

async function judgeColumns(session: Session, catalog: string, objects: ExtractObjects): Promise<Finding[]> {
  const findings: Finding[] = [];
  const wanted = [
    ['_meta', 'meta', metaColumns],
    ['_parts', 'parts', partsColumns],
    ['_remote_attach', 'remote', remoteAttachColumns],
  ] as const;
  for (const [name, prefix, columns] of wanted) {
    if (!objects.has(name)) continue;
    const found = await session.rows<{ column_name: string; column_type: string }>(
      `DESCRIBE ${qualified(catalog, 'main', name)}`,
    );
    const types = new Map(found.map((row) => [row.column_name.toLowerCase(), row.column_type]));
    for (const [column, type] of columns) {
      const present = types.get(column);
      if (present === undefined) findings.push(finding(`${prefix}_column_missing`, null, identifier(column)));
      else if (present !== type)
        findings.push(finding(`${prefix}_column_type`, null, `${identifier(column)} is ${present}, not ${type}`));
    }
    for (const column of types.keys()) {
      if (!columns.some(([known]) => known === column))
        findings.push(finding(`${prefix}_column_extra`, null, identifier(column)));
    }
  }
  return findings;
}

function judgeMeta(rows: Json[], objects: ExtractObjects, result: ExaminedCatalogue): void {
  for (const row of rows) {
    const name = row.table_name;
    const shown = typeof name === 'string' ? name : null;
    const fault = identityFault(name);
    if (fault !== null) {
      result.findings.push(finding('name_invalid', shown, `${JSON.stringify(name ?? null)} cannot be used, ${fault}`));
      continue;
    }
    const table = name as string;
    if (result.tables.has(table)) {
      result.findings.push(finding('name_duplicate', table, 'only its first row counts'));
      continue;
    }
    const query_mode = row.query_mode ?? 'local';
    if (query_mode !== 'local' && query_mode !== 'remote') {
      result.findings.push(finding('query_mode_invalid', table, JSON.stringify(query_mode)));
      continue;
    }
    const object = objects.get(table) ?? null;
    const extracted_at = asInstant(row.extracted_at);
    if (extracted_at === null && row.extracted_at != null)
      result.findings.push(finding('extracted_at_invalid', table, JSON.stringify(row.extracted_at)));
    result.tables.set(table, {
      meta: {
        table_name: table,
        description: row.description == null ? null : String(row.description),
        rows: asCount(row.rows),
        size_bytes: asCount(row.size_bytes),
        extracted_at,
        query_mode: query_mode as QueryMode,
      },
      object,
      parts: null,
      record: null,
    });
    if (object === null && query_mode === 'local')
      result.findings.push(finding('object_missing', table, '_meta lists it'));
  }
}

function judgeParts(rows: Json[], result: ExaminedCatalogue): void {
  for (const row of rows) {
    const name = String(row.table_name);
    const table = result.tables.get(name);
    if (table === undefined) {
      result.findings.push(finding('part_unlisted', name, String(row.path)));
      continue;
    }
    const part: Part = {
      path: String(row.path ?? ''),
      rows: asCount(row.rows) ?? -1,
      size_bytes: asCount(row.size_bytes) ?? -1,
      sha256: String(row.sha256 ?? '').toLowerCase(),
    };
    table.parts ??= [];
    if (table.parts.some((other) => other.path === part.path))
      result.findings.push(finding('part_duplicate', name, part.path));
    else table.parts.push(part);
  }
}

function readRecords(rows: Json[], result: ExaminedCatalogue): void {
  result.generation = 0;
  for (const row of rows) {
    const record = JSON.parse(String(row.record)) as TableRecord;
    if (row.table_name === '') result.generation = record.generation;
    else {
      const table = result.tables.get(String(row.table_name));
      if (table !== undefined) table.record = record;
    }
  }
}

function asRemoteAttach(row: Json): RemoteAttach {
  const text = (value: unknown) => (value == null ? '' : String(value));
  return {
    alias: text(row.alias),
    extension: text(row.extension),
    url: text(row.url),
    token_env: text(row.token_env),
  };
}

function asCount(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null;
}

/** DuckDB's text of a timestamp as ISO 8601 in UTC with microseconds; null for anything else. */
function asInstant(value: unknown): string | null {
  const found = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6})\d*)?(?:Z|\+00(?::?00)?)?$/.exec(
    String(value ?? ''),
  );
  return found === null ? null : `${found[1]}T${found[2]}.${(found[3] ?? '').padEnd(6, '0')}Z`;
}
