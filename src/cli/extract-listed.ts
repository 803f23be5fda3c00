/** Extracts the tables that a file lists, with no registry and no state. */
import { readFile } from 'node:fs/promises';
import pLimit from 'p-limit';
import { parse } from 'yaml';
import { z } from 'zod';
import { namedSecrets } from '../config/source-settings.ts';
import { loadConnector } from '../connectors/catalogue.ts';
import { strategyFaults } from '../connectors/strategy-rules.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import { AttacheError, type ErrorRecord, type Fault, toErrorRecord } from '../errors/attache-error.ts';
import type { ErrorCode } from '../errors/codes.ts';
import { askConnector, extractSource } from '../extract/extract-source.ts';
import { checkTable } from '../server/registry/check-table.ts';
import { tableRequest } from '../sync/table-request.ts';
import type { ExtractOutcome, ExtractTask } from './extract-task.ts';
import { readStdin } from './read-stdin.ts';

const listed = z.array(z.record(z.string(), z.unknown())).min(1);
const fileShape = z.union([listed, z.object({ tables: listed })]);

/** What one table of a source can be at fault for; anything else stops the run. */
const faultsOfOne: readonly ErrorCode[] = ['source_missing', 'source_forbidden', 'source_data'];
const settledAtOnce = 2;

/** A table as the source settled it, or how it failed. */
type Settled = { table: TableRequest; notes: string[] } | { failed: ExtractOutcome['tables'][number] };

export async function extractListed(task: ExtractTask, file: string): Promise<ExtractOutcome> {
  const { config, source, environment, signal } = task;
  const tables = await readTables(task, file);
  const { settle, serves } = await loadConnector(source.type);
  const common = {
    dataDirectory: config.dataDirectory,
    source,
    secrets: namedSecrets(source, environment),
    duckdb: config.duckdb,
    limits: config.limits,
  };
  const settleOne = async (table: TableRequest): Promise<Settled> => {
    if (settle === undefined) return { table, notes: [] };
    const startedAt = new Date();
    try {
      const { options, primary_key, columns, offered, notes } = await askConnector(
        common,
        { kind: 'settle', table },
        { signal },
      );
      const settled = { ...table, options, primary_key: primary_key ?? table.primary_key };
      const known = offered ?? columns?.map(({ name }) => ({ name, nullable: false })) ?? null;
      refuseFaulty(file, strategyFaults(settled, serves, known), table.id);
      return { table: settled, notes: notes.map((note) => `${table.id}: ${note}`) };
    } catch (thrown) {
      const error = toErrorRecord(thrown);
      if (!faultsOfOne.includes(error.code)) throw thrown;
      return { failed: failedTable(table.id, error, startedAt) };
    }
  };
  const slot = pLimit(settledAtOnce);
  const settled = await Promise.all(tables.map((table) => slot(() => settleOne(table))));
  const runId = `run_${Date.now().toString(36)}_${process.pid}`;
  const known = settled.flatMap((one) => ('table' in one ? [one.table] : []));
  const report =
    known.length === 0
      ? { tables: [], notes: [] }
      : await extractSource({ ...common, runId, tables: known }, { signal });
  const results = [...report.tables];
  return {
    tables: settled.flatMap((one) => ('failed' in one ? [one.failed] : results.splice(0, 1))),
    notes: [...settled.flatMap((one) => ('table' in one ? one.notes : [])), ...report.notes],
  };
}

function failedTable(id: string, error: ErrorRecord, startedAt: Date): ExtractOutcome['tables'][number] {
  return {
    id,
    status: 'failed',
    rows: null,
    size_bytes: null,
    rejected: 0,
    schema_changes: [],
    warnings: [],
    error,
    started_at: startedAt.toISOString(),
    finished_at: new Date().toISOString(),
  };
}

/** Each table by the rules of the registry, and all that is wrong at once. */
async function readTables({ config, source }: ExtractTask, file: string): Promise<TableRequest[]> {
  const parsed = fileShape.safeParse(parseText(file, await readText(file)));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AttacheError('usage', {
      message: `${file} does not list tables: ${issue?.path.join('.') || 'the document'}: ${issue?.message}.`,
      hint: 'Write a list such as [{"name": "orders", "source_table": "orders", "primary_key": ["id"]}].',
    });
  }
  const faults: Fault[] = [];
  const tables: TableRequest[] = [];
  for (const [index, said] of (Array.isArray(parsed.data) ? parsed.data : parsed.data.tables).entries()) {
    try {
      const named = { name: said.source_table, ...said, source_name: source.name };
      const table = tableRequest((await checkTable(named, config)).table);
      if (tables.some(({ id }) => id === table.id))
        faults.push({ pointer: `/${index}/id`, message: `The id ${table.id} is given twice.` });
      tables.push(table);
    } catch (thrown) {
      if (!(thrown instanceof AttacheError) || thrown.code !== 'settings_invalid') throw thrown;
      faults.push(...thrown.faults.map(({ pointer, message }) => ({ pointer: `/${index}${pointer}`, message })));
    }
  }
  refuseFaulty(file, faults);
  return tables;
}

function refuseFaulty(file: string, faults: readonly Fault[], table?: string): void {
  if (faults.length === 0) return;
  const said = faults.map(({ pointer, message }) => `${table ?? ''}${pointer} ${message}`).join('; ');
  throw new AttacheError('usage', {
    message: `${file} lists tables that cannot be read: ${said}`,
    hint: `Correct what is named${table === undefined ? '; the number is the place in the list, from 0' : ''}.`,
    faults: [...faults],
  });
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
