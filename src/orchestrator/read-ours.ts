/** Reads extracts of our own publisher in this process: only its plain tables are read, and the files of its parts are looked at. */
import {
  type ExaminedCatalogue,
  type ExaminedTable,
  examineCatalogue,
  isOurs,
  listObjects,
} from '../contract/examine-catalogue.ts';
import { examineParts } from '../contract/examine-parts.ts';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import type { Finding } from '../contract/findings.ts';
import type { Column } from '../contract/shapes.ts';
import { partsQuery } from '../contract/write.ts';
import { Database, type DatabaseLimits } from '../duckdb/database.ts';
import { identifier, literal } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { toAttacheError } from '../errors/attache-error.ts';
import type { FoundTable, Look } from './look.ts';

/** Reads one extract after the other through one DuckDB in memory, which is cheaper than opening each. */
export class OursReader {
  private readonly database: Database;
  private readonly sessions: Session[];
  private attached = 0;

  private constructor(database: Database, sessions: Session[]) {
    this.database = database;
    this.sessions = sessions;
  }

  static async open(limits: DatabaseLimits): Promise<OursReader> {
    const database = await Database.inMemory(limits);
    return new OursReader(database, []);
  }

  /** The look, or null when the extract is not (only) of our making and needs the careful way. */
  async read(folder: ExtractFolder): Promise<Look | null> {
    const session = this.sessions.pop() ?? (await this.database.connect());
    this.attached += 1;
    const alias = `extract_${this.attached}`;
    try {
      await session.run(`ATTACH ${literal(folder.database)} AS ${identifier(alias)} (READ_ONLY)`);
    } catch (thrown) {
      this.sessions.push(session);
      return unreadable(thrown);
    }
    try {
      const objects = await listObjects(session, alias);
      if (!isOurs(objects)) return null;
      const catalogue = await examineCatalogue(session, alias, objects);
      const needsAdoption = [...catalogue.tables.values()].some(
        (table) => table.meta.query_mode === 'local' && table.parts === null,
      );
      return needsAdoption ? null : await lookAt(session, folder, catalogue);
    } catch (thrown) {
      return unreadable(thrown);
    } finally {
      await session.run(`DETACH ${identifier(alias)}`);
      this.sessions.push(session);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database.close();
  }
}

/** Why DuckDB could not open or read an extract. */
export function unreadable(thrown: unknown): Look {
  const error = toAttacheError(thrown);
  const message = error.message.split('\n')[0] as string;
  if (error.code === 'locked' || /could not set lock|conflicting lock/i.test(message)) {
    return {
      kind: 'unreadable',
      failure: { code: 'locked', message: 'extract.duckdb is held by a program that writes to it.' },
      again: true,
    };
  }
  return {
    kind: 'unreadable',
    failure: { code: 'not_a_database', message: `extract.duckdb cannot be read: ${message}` },
    again: false,
  };
}

async function lookAt(session: Session, folder: ExtractFolder, catalogue: ExaminedCatalogue): Promise<Look> {
  const look: Look & { kind: 'read' } = {
    kind: 'read',
    ours: true,
    tables: {},
    broken: {},
    problems: catalogue.findings.map(asProblem),
  };
  for (const [id, table] of catalogue.tables) {
    const faults = await examineParts(folder.directory, id, table.parts ?? []);
    look.problems.push(...faults.map(asProblem));
    if (faults[0] !== undefined) look.broken[id] = faults[0].message;
    else
      look.tables[id] = foundTable(
        folder,
        table,
        table.record?.columns ?? (await describeParts(session, folder, table)),
      );
  }
  return look;
}

/** A table whose parts stand in its extract. */
export function foundTable(folder: ExtractFolder, table: ExaminedTable, columns: Column[]): FoundTable {
  const { meta, record } = table;
  const parts = (table.parts ?? []).map((part) => ({ ...part, path: `extracts/${folder.source}/${part.path}` }));
  const local = meta.query_mode === 'local';
  return {
    description: meta.description,
    updated: meta.extracted_at,
    rows: local ? parts.reduce((sum, part) => sum + part.rows, 0) : meta.rows,
    size_bytes: local ? parts.reduce((sum, part) => sum + part.size_bytes, 0) : meta.size_bytes,
    query_mode: meta.query_mode,
    columns,
    schema_changes: record?.schema_changes ?? [],
    parts,
  };
}

/** Names and types of the columns a table's parts give; none for a remote table. */
export async function describeParts(
  session: Session,
  folder: ExtractFolder,
  table: Pick<ExaminedTable, 'parts'>,
): Promise<Column[]> {
  if (table.parts === null || table.parts.length === 0) return [];
  const rows = await session.rows<{ column_name: string; column_type: string }>(
    `DESCRIBE ${partsQuery(folder.directory, { parts: table.parts })}`,
  );
  return rows.map((row) => ({ name: row.column_name, type: row.column_type }));
}

export function asProblem(found: Finding): { table: string | null; code: Finding['code']; message: string } {
  return { table: found.table, code: found.code, message: found.message };
}
