/** Reads extracts of our own publisher in this process: only its plain tables are read, and the files of its parts are looked at. */
import { isOurs, listObjects, readContractRows } from '../contract/catalogue-rows.ts';
import { type ExaminedCatalogue, type ExaminedTable, judgeCatalogue } from '../contract/examine-catalogue.ts';
import { examineParts } from '../contract/examine-parts.ts';
import type { ExtractFolder } from '../contract/extract-folder.ts';
import type { Finding } from '../contract/findings.ts';
import type { Column } from '../contract/shapes.ts';
import { partsQuery } from '../contract/write.ts';
import { confinedReason } from '../duckdb/confine.ts';
import { Database, type DatabaseLimits } from '../duckdb/database.ts';
import { identifier, literal } from '../duckdb/quote.ts';
import type { Session } from '../duckdb/session.ts';
import { toAttacheError } from '../errors/attache-error.ts';
import type { FoundTable, Look } from './look.ts';

/** Reads extracts through one DuckDB in memory, several in one go: that is cheaper than opening each. */
export class OursReader {
  private readonly database: Database;
  private attached = 0;

  private constructor(database: Database) {
    this.database = database;
  }

  static async open(limits: DatabaseLimits): Promise<OursReader> {
    return new OursReader(await Database.inMemory(limits));
  }

  /** For each folder the look, or null when the extract is not (only) of our making and needs the careful way. */
  async read(folders: readonly ExtractFolder[]): Promise<(Look | null)[]> {
    const session = await this.database.connect();
    try {
      return await this.readTogether(session, folders);
    } catch (thrown) {
      if (folders.length === 1) return [unreadable(thrown)];
      // One of them cannot be read; by itself each one shows whether it is that one.
      const looks: (Look | null)[] = [];
      for (const folder of folders) looks.push(...(await this.read([folder])));
      return looks;
    } finally {
      session.close();
    }
  }

  private async readTogether(session: Session, folders: readonly ExtractFolder[]): Promise<(Look | null)[]> {
    const aliases = folders.map(() => {
      this.attached += 1;
      return `extract_${this.attached}`;
    });
    const attach = folders.map(
      (folder, at) => `ATTACH ${literal(folder.database)} AS ${identifier(aliases[at] as string)} (READ_ONLY)`,
    );
    try {
      await session.run(attach.join(';'));
      const objects = await listObjects(session, aliases);
      const ours = new Map([...objects].filter(([, names]) => isOurs(names)));
      const rows = await readContractRows(session, ours);
      return await Promise.all(
        folders.map((folder, at) => {
          const [names, found] = [ours.get(aliases[at] as string), rows.get(aliases[at] as string)];
          return names === undefined || found === undefined
            ? null
            : lookAt(session, folder, judgeCatalogue(names, found));
        }),
      );
    } finally {
      await session.run(aliases.map((alias) => `DETACH DATABASE IF EXISTS ${identifier(alias)}`).join(';'));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database.close();
  }
}

/** Why DuckDB could not open or read an extract. */
export function unreadable(thrown: unknown): Look {
  const error = toAttacheError(thrown);
  const message = confinedReason(error);
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

/** The look at an extract of ours; null when something in it must be adopted. */
async function lookAt(session: Session, folder: ExtractFolder, catalogue: ExaminedCatalogue): Promise<Look | null> {
  const tables = [...catalogue.tables.values()];
  if (tables.some((table) => table.meta.query_mode === 'local' && table.parts === null)) return null;
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
