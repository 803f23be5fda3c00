/** Reads what an open extract says of itself and expects anything: every row is judged by itself, nothing throws because a row is bad. */
import { identifier, qualified } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import {
  type ContractRows,
  type ContractTable,
  contractTables,
  type ExtractObjects,
  isOurs,
  type JsonRow,
  listObjects,
  readContractRows,
} from './catalogue-rows.ts';
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

/** Examines the database `catalog` of the session, e.g. the alias it is attached under. */
export async function examineCatalogue(session: Session, catalog: string): Promise<ExaminedCatalogue> {
  const objects = (await listObjects(session, [catalog])).get(catalog) as ExtractObjects;
  const rows = (await readContractRows(session, new Map([[catalog, objects]]))).get(catalog) as ContractRows;
  const judged = judgeCatalogue(objects, rows);
  // What our own publisher wrote needs no look at its columns.
  if (objects.has('_meta') && !isOurs(objects)) {
    judged.findings.unshift(...(await judgeColumns(session, catalog, objects)));
  }
  return judged;
}

/** What the rows of an extract mean, and what is wrong with them. Pure. */
export function judgeCatalogue(objects: ExtractObjects, rows: ContractRows): ExaminedCatalogue {
  const result: ExaminedCatalogue = { findings: [], tables: new Map(), remoteAttach: [], generation: null };
  if (!objects.has('_meta')) {
    result.findings.push(finding('meta_missing', null, 'nothing says which tables the extract offers'));
    return result;
  }
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

function judgeMeta(rows: JsonRow[], objects: ExtractObjects, result: ExaminedCatalogue): void {
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

function judgeParts(rows: JsonRow[], result: ExaminedCatalogue): void {
  for (const row of rows) {
    if (row.table_name == null) {
      result.findings.push(finding('part_unlisted', null, `the row of ${shownPath(row)} has no table_name`));
      continue;
    }
    const name = String(row.table_name);
    const table = result.tables.get(name);
    if (table === undefined) {
      result.findings.push(finding('part_unlisted', name, shownPath(row)));
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

function shownPath({ path }: JsonRow): string {
  return path == null ? 'a part without a path' : String(path);
}

function readRecords(rows: JsonRow[], result: ExaminedCatalogue): void {
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

function asRemoteAttach(row: JsonRow): RemoteAttach {
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
