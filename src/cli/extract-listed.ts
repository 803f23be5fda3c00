/** Extracts the tables that a file lists, with no registry and no state. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { namedSecrets } from '../config/source-settings.ts';
import { loadConnector } from '../connectors/catalogue.ts';
import type { TableRequest } from '../connectors/connector.ts';
import { checkIdentity, deriveTableId } from '../contract/identity.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { askConnector, extractSource } from '../extract/extract-source.ts';
import type { ExtractOutcome, ExtractTask } from './extract-task.ts';
import { readStdin } from './read-stdin.ts';

const tableShape = z.strictObject({
  id: z.string().optional(),
  name: z.string().optional(),
  source_table: z.string().min(1),
  bucket: z.string().nullish(),
  primary_key: z.union([z.string(), z.array(z.string())]).nullish(),
  sync_strategy: z.enum(['full_refresh', 'incremental', 'partitioned']).nullish(),
  description: z.string().nullish(),
  options: z.record(z.string(), z.unknown()).nullish(),
});

const fileShape = z.union([z.array(tableShape).min(1), z.object({ tables: z.array(tableShape).min(1) })]);

export async function extractListed(task: ExtractTask, file: string): Promise<ExtractOutcome> {
  const { config, source, environment, signal } = task;
  const listed = await readTables(file);
  const { settle } = await loadConnector(source.type);
  const common = {
    dataDirectory: config.dataDirectory,
    source,
    secrets: namedSecrets(source, environment),
    duckdb: config.duckdb,
    limits: config.limits,
  };
  const tables: TableRequest[] = [];
  const notes: string[] = [];
  for (const table of listed) {
    if (settle === undefined) {
      tables.push(table);
      continue;
    }
    const settled = await askConnector(common, { kind: 'settle', table }, { signal });
    tables.push({ ...table, options: settled.options, primary_key: settled.primary_key ?? table.primary_key });
    notes.push(...settled.notes);
  }
  const runId = `run_${Date.now().toString(36)}_${process.pid}`;
  const report = await extractSource({ ...common, runId, tables }, { signal });
  return { tables: report.tables, notes: [...notes, ...report.notes] };
}

async function readTables(file: string): Promise<TableRequest[]> {
  const parsed = fileShape.safeParse(parseText(file, await readText(file)));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AttacheError('usage', {
      message: `${file} does not list tables: ${issue?.path.join('.') || 'the document'}: ${issue?.message}.`,
      hint: 'Write a list such as [{"name": "orders", "source_table": "orders", "primary_key": ["id"]}].',
    });
  }
  const tables = Array.isArray(parsed.data) ? parsed.data : parsed.data.tables;
  return tables.map((table) => ({
    id:
      table.id === undefined
        ? deriveTableId(table.name ?? table.source_table)
        : checkIdentity(table.id, 'The table id'),
    bucket: table.bucket ?? null,
    source_table: table.source_table,
    primary_key: keyColumns(table.primary_key),
    sync_strategy: table.sync_strategy ?? 'full_refresh',
    query_mode: 'local',
    description: table.description ?? null,
    options: table.options ?? {},
  }));
}

function keyColumns(key: string | string[] | null | undefined): string[] {
  const columns = typeof key === 'string' ? key.split(',') : (key ?? []);
  return columns.map((column) => column.trim()).filter((column) => column !== '');
}

async function readText(file: string): Promise<string> {
  if (file === '-') return readStdin();
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new AttacheError('usage', { message: `${file} cannot be read: ${(cause as Error).message}.`, cause });
  }
}

/** JSON is YAML, so one parser reads both. */
function parseText(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new AttacheError('usage', {
      message: `${file} is neither JSON nor YAML: ${(cause as Error).message}`,
      cause,
    });
  }
}
