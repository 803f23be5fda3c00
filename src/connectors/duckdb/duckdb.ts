/** Another DuckDB file as a source: tables and views of one schema, attached read-only. */
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { probe } from '../../duckdb/probe.ts';
import { literal, qualified } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { AttachWay } from '../attach-way.ts';
import { defineConnector } from '../connector.ts';
import { filePath } from '../file-path.ts';
import type { SourceContext } from '../source-context.ts';
import type { TableRequest } from '../table-request.ts';
import { discoverTables } from './discover-tables.ts';
import { keepable } from './keepable.ts';
import { settleTable } from './settle-table.ts';

const settings = z.strictObject({
  path: filePath('A DuckDB file, e.g. ./warehouse.duckdb.'),
});

type Settings = z.infer<typeof settings>;

const defaultBucket = 'main';

const attach: AttachWay<Settings> = {
  statements: ({ settings: { path } }, alias) => {
    refuseNoFile(path);
    return [`ATTACH ${literal(resolve(path))} AS ${qualified(alias)} (READ_ONLY)`];
  },
  relation: ({ bucket, source_table }, alias) => qualified(alias, bucket ?? defaultBucket, source_table),
  retype: ({ type }) => keepable(type),
  fingerprint: async ({ settings: { path } }, table, session, alias) => {
    // A view may read other files, or the clock: that this one rests says nothing of it.
    if (await isView(session, alias, table)) return null;
    const [file, wal] = await Promise.all([statOf(path), statOf(`${path}.wal`)]);
    return [file, wal].map((found) => found && `${found.size}:${found.mtimeNs}:${found.ino}`).join('|');
  },
  explain: ({ settings: { path } }, thrown) => explain(path, thrown),
};

/** Reads tables and views of a DuckDB file. */
export const duckdb = defineConnector<Settings>({
  type: 'duckdb',
  title: 'DuckDB file',
  summary: 'Tables and views of another DuckDB file.',
  settings,
  options: z.strictObject({}),
  defaultBucket,
  serves: { cursor: true, partitions: true, where: true, columns: true, changes: false, remote: false },
  check: (context) =>
    attached(context, async (tables) => ({
      summary: `DuckDB file ${context.settings.path}, ${tables.length} tables and views`,
      facts: { tables: tables.length },
      warnings: [],
    })),
  discover: (context) => attached(context, async (tables) => tables),
  settle: (context, table) =>
    settleTable(table, context.settings.path, () => attached(context, async (tables) => tables)),
  attach,
});

async function attached<Answer>(
  context: SourceContext<Settings>,
  answer: (tables: Awaited<ReturnType<typeof discoverTables>>) => Promise<Answer>,
): Promise<Answer> {
  return probe(async (session) => {
    try {
      for (const statement of attach.statements(context, 'source')) await session.run(statement);
    } catch (thrown) {
      throw explain(context.settings.path, thrown);
    }
    return answer(await discoverTables(session, 'source'));
  });
}

async function isView(session: Session, alias: string, { bucket, source_table }: TableRequest): Promise<boolean> {
  const [schema, name] = [bucket ?? defaultBucket, source_table].map((text) => literal(text.toLowerCase()));
  const found = await session.first(
    `SELECT 1 FROM duckdb_views() WHERE database_name = ${literal(alias)} AND lower(schema_name) = ${schema} AND lower(view_name) = ${name}`,
  );
  return found !== undefined;
}

/** Opening a pipe would wait for whoever writes into it. What is not there is left to DuckDB to tell. */
function refuseNoFile(path: string): void {
  const found = statSync(resolve(path), { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return;
  throw new AttacheError('source_data', {
    message: `${path} is not a DuckDB file: it is ${found.isDirectory() ? 'a folder' : 'no file'}.`,
    hint: 'Set `path` of the source to the DuckDB file itself.',
  });
}

const statOf = (path: string) => stat(resolve(path), { bigint: true }).catch(() => null);

/** What DuckDB's refusal means for the person who configured the file. */
function explain(path: string, thrown: unknown): AttacheError {
  if (thrown instanceof AttacheError) return thrown;
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  if (/lock on file|Conflicting lock/i.test(said)) {
    return new AttacheError('locked', {
      message: `The DuckDB file ${path} is in use by another program that writes to it.`,
      hint: 'Nothing was changed. Close that program, or let it write a copy; the next run tries again.',
      retryable: true,
      cause: thrown,
    });
  }
  if (/database does not exist|No such file|Cannot open (file|database)/i.test(said)) {
    return new AttacheError('source_unreachable', {
      message: `The DuckDB file ${path} cannot be opened: ${firstLine(said)}`,
      hint: 'Check the path and the rights of the user that runs da.',
      retryable: true,
      cause: thrown,
    });
  }
  if (/Catalog Error|does not exist/i.test(said)) {
    return new AttacheError('source_missing', {
      message: `The DuckDB file ${path} does not hold it: ${firstLine(said)}`,
      hint: 'List what it holds with the discovery of the source; `bucket` is the schema, `main` when not given.',
      cause: thrown,
    });
  }
  if (/corrupt|checksum|Could not read enough bytes/i.test(said)) {
    return new AttacheError('source_data', {
      message: `The DuckDB file ${path} is damaged: ${firstLine(said)}`,
      hint: 'The table keeps its data. Bring a whole copy of the file; one that is copied while a program writes to it may be torn.',
      cause: thrown,
    });
  }
  if (/not a valid DuckDB database|serialization|storage version/i.test(said)) {
    return new AttacheError('source_data', {
      message: `${path} is not a DuckDB file that can be read here: ${firstLine(said)}`,
      hint: 'Check that the path names a DuckDB file and that it was written by a version no newer than this one.',
      cause: thrown,
    });
  }
  return new AttacheError('source_failed', {
    message: `Reading the DuckDB file ${path} failed: ${firstLine(said)}`,
    cause: thrown,
  });
}

const firstLine = (text: string) => text.split('\n')[0] ?? text;
