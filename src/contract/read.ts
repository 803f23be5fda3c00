/** Reads what an `extract.duckdb` of ours says. Foreign extracts are examined by `check`, which expects anything. */
import { existsSync } from 'node:fs';
import { Database, type DatabaseLimits } from '../duckdb/database.ts';
import type { Session } from '../duckdb/session.ts';
import type { ExtractFolder } from './extract-folder.ts';
import type { ExtractCatalogue, MetaRow, Part, RemoteAttach, TableRecord } from './shapes.ts';

/** The catalogue of an extract; an empty one when nothing has been published yet. Throws `locked` or `integrity` when the file cannot be read. */
export async function readExtractCatalogue(folder: ExtractFolder, limits: DatabaseLimits): Promise<ExtractCatalogue> {
  if (!existsSync(folder.database)) return { generation: 0, tables: new Map(), remoteAttach: [] };
  await using database = await Database.open(folder.database, limits, { readOnly: true });
  using session = await database.connect();
  // Awaited here: a session that closes under a running statement takes the process with it.
  return await readCatalogue(session);
}

/** Reads the catalogue of the session's main database. */
async function readCatalogue(session: Session): Promise<ExtractCatalogue> {
  const present = new Set(
    (
      await session.rows<{ table_name: string }>("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'")
    ).map((row) => row.table_name),
  );
  const catalogue: ExtractCatalogue = { generation: 0, tables: new Map(), remoteAttach: [] };
  for (const meta of await session.rows<MetaRow>(selectMeta)) {
    catalogue.tables.set(meta.table_name, { meta: asMetaRow(meta), parts: [], record: null });
  }
  if (present.has('_parts')) {
    for (const row of await session.rows<Part & { table_name: string }>('SELECT * FROM _parts')) {
      const { table_name, path, sha256 } = row;
      catalogue.tables
        .get(table_name)
        ?.parts.push({ path, rows: Number(row.rows), size_bytes: Number(row.size_bytes), sha256 });
    }
  }
  if (present.has('_da_tables')) {
    for (const row of await session.rows<{ table_name: string; record: string }>('SELECT * FROM _da_tables')) {
      const record = JSON.parse(row.record) as TableRecord & { generation: number };
      const table = catalogue.tables.get(row.table_name);
      if (row.table_name === '') catalogue.generation = record.generation;
      else if (table) table.record = record;
    }
  }
  if (present.has('_remote_attach')) {
    catalogue.remoteAttach = await session.rows<RemoteAttach>(
      'SELECT alias, extension, url, token_env FROM _remote_attach',
    );
  }
  return catalogue;
}

/** `_meta` with its time as ISO 8601 text in UTC. */
const selectMeta = `SELECT table_name, description, rows, size_bytes,
  strftime(extracted_at, '%Y-%m-%dT%H:%M:%S.%fZ') AS extracted_at, query_mode FROM _meta`;

function asMetaRow(row: MetaRow): MetaRow {
  return {
    ...row,
    rows: row.rows === null ? null : Number(row.rows),
    size_bytes: row.size_bytes === null ? null : Number(row.size_bytes),
    query_mode: row.query_mode ?? 'local',
  };
}
