/** Writes a fresh `extract.duckdb`: `_meta`, `_parts`, `_remote_attach`, our records, and a view over explicit files for each local table. */
import { isAbsolute, join } from 'node:path';
import { Database, type DatabaseLimits } from '../duckdb/database.ts';
import { identifier, literal } from '../duckdb/quote.ts';
import { readParquet } from '../duckdb/read-files.ts';
import type { Session } from '../duckdb/session.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { checkIdentity } from './identity.ts';
import type { ExtractCatalogue, ExtractTable } from './shapes.ts';
import { createMeta, createParts, createRecords, createRemoteAttach } from './tables.ts';

/**
 * Writes `catalogue` to a new database file at `path`. Part paths are relative to `directory`, the folder the extract lives in; the views get absolute ones,
 * because a view stores the path it was made with. The file is checkpointed and closed when this returns, with no WAL beside it.
 */
export async function writeExtractDatabase(
  path: string,
  directory: string,
  catalogue: ExtractCatalogue,
  limits: DatabaseLimits,
): Promise<void> {
  if (!isAbsolute(directory))
    throw new AttacheError('internal', { message: `An extract's folder must be absolute: ${directory}.` });
  await using database = await Database.open(path, limits);
  using session = await database.connect();
  await session.run('BEGIN');
  for (const statement of [createMeta, createParts, createRecords]) await session.run(statement);
  await insertRows(session, '_da_tables', [
    [literal(''), literal(JSON.stringify({ generation: catalogue.generation }))],
  ]);
  const tables = [...catalogue.tables.values()];
  for (const table of tables) checkIdentity(table.meta.table_name, 'The table id');
  await insertRows(session, '_meta', tables.map(metaValues));
  await insertRows(session, '_parts', tables.flatMap(partValues));
  await insertRows(session, '_da_tables', tables.flatMap(recordValues));
  if (catalogue.remoteAttach.length > 0) {
    await session.run(createRemoteAttach);
    await insertRows(
      session,
      '_remote_attach',
      catalogue.remoteAttach.map((row) => [row.alias, row.extension, row.url, row.token_env].map(literal)),
    );
  }
  for (const table of tables) {
    if (table.parts.length > 0)
      await session.run(`CREATE VIEW ${identifier(table.meta.table_name)} AS ${partsQuery(directory, table)}`);
  }
  await session.run('COMMIT');
  await session.run('CHECKPOINT');
}

/** The query that is a table: the union of its parts, columns matched by name. */
export function partsQuery(directory: string, table: Pick<ExtractTable, 'parts'>): string {
  const files = table.parts.map((part) => join(directory, part.path));
  return `SELECT * FROM ${readParquet(files, ...(files.length > 1 ? ['union_by_name = true'] : []))}`;
}

const rowsPerInsert = 500;

async function insertRows(session: Session, table: string, rows: string[][]): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsPerInsert) {
    const batch = rows.slice(start, start + rowsPerInsert).map((values) => `(${values.join(', ')})`);
    await session.run(`INSERT INTO ${identifier(table)} VALUES ${batch.join(', ')}`);
  }
}

function metaValues({ meta }: ExtractTable): string[] {
  return [
    literal(meta.table_name),
    nullable(meta.description),
    meta.rows === null ? 'NULL' : String(meta.rows),
    meta.size_bytes === null ? 'NULL' : String(meta.size_bytes),
    meta.extracted_at === null ? 'NULL' : `CAST(${literal(meta.extracted_at)} AS TIMESTAMP)`,
    literal(meta.query_mode),
  ];
}

function partValues({ meta, parts }: ExtractTable): string[][] {
  return parts.map((part) => [
    literal(meta.table_name),
    literal(part.path),
    String(part.rows),
    String(part.size_bytes),
    literal(part.sha256),
  ]);
}

function recordValues({ meta, record }: ExtractTable): string[][] {
  return record === null ? [] : [[literal(meta.table_name), literal(JSON.stringify(record))]];
}

function nullable(text: string | null): string {
  return text === null ? 'NULL' : literal(text.replaceAll('\0', ''));
}
