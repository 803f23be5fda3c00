/** Plans how one table is read: what is asked for, as which columns, and whether anything changed. */
import { createHash } from 'node:crypto';
import { AttacheError } from '../../errors/attache-error.ts';
import type { PlanRequest, ReadPlan, TablePlan } from '../read-way.ts';
import { durationMs } from '../table-options.ts';
import type { TableRequest } from '../table-request.ts';
import { describeTable, type SourceColumn, type SourceTable, tellsOfItself } from './describe-table.ts';
import { choosePath } from './extension/choose-path.ts';
import { openByExtension } from './extension/open-by-extension.ts';
import { HttpRead } from './http-read.ts';
import { optionsOf } from './options.ts';
import { planRemote } from './plan-remote.ts';
import { rememberProject } from './project.ts';
import type { Reading } from './reading.ts';
import { columnWarnings, planColumns } from './types/plan-columns.ts';
import { isZoned } from './types/type-rules.ts';
import { whereFilters } from './where-filters.ts';

/** How far below the watermark changes are read again: an import stamps its rows before it ends. */
const defaultLagMs = 60_000;

export async function planTable(reading: Reading, table: TableRequest, request: PlanRequest): Promise<TablePlan> {
  const source = withBackend(await describeTable(reading.connection.client, table), reading);
  if (table.query_mode === 'remote') return planRemote(reading, table, source);
  reading.planned.set(table.id, source);
  const columns = chosenColumns(source, table.options.columns);
  const filters = whereFilters(source, table.options.where ?? [], new Date());
  const fingerprint = fingerprintOf(reading, source, columns, filters);
  if (fingerprint !== null && fingerprint === request.previousFingerprint)
    return { kind: 'unchanged', reason: `nothing was imported or deleted since ${source.lastChangeDate}` };
  const since = changedSince(source, table, request);
  const remember = rememberProject(reading.project, request.remembered);
  const names = columns.map(({ name }) => name);
  const chosen = choosePath(table, source, columns, reading.connection.settings);
  const http = new HttpRead(reading, table, source, {
    columns: names,
    filters,
    since: since.seconds,
    parquet: isExactAsParquet(source, columns),
    inUtc: source.backend === 'snowflake' && columns.some(({ declared }) => isZoned(declared)),
    remember,
  });
  return {
    kind: 'read',
    columns: planColumns(columns, source.backend),
    pieces: [
      {
        id: 'all',
        open: (way) =>
          chosen.path === 'extension' && isOffered(reading, table)
            ? openByExtension(reading, { name: table.id, source, columns: names }, way, http)
            : http.open(way),
      },
    ],
    order: table.primary_key.length > 0 ? 'key' : 'source',
    uniqueKey: isKey(source, table.primary_key),
    remember,
    ...(fingerprint === null ? {} : { fingerprint }),
    ...watermarkOf(source, table),
    ...sizesOf(source, filters.length > 0 || since.seconds !== null),
    warnings: [
      ...columnWarnings(columns),
      ...since.warnings,
      ...(chosen.path === 'http' && chosen.reason !== null ? [`${table.id} is read by HTTP: ${chosen.reason}`] : []),
    ],
  };
}

/** Nobody is told of an extension that was neither supplied nor asked for. */
function isOffered({ context }: Reading, table: TableRequest): boolean {
  const asked = optionsOf(table).path ?? context.settings.path;
  return asked === 'extension' || context.extensionDirectories.length > 0;
}

export function withBackend(source: SourceTable, { project }: Pick<Reading, 'project'>): SourceTable {
  return { ...source, backend: source.backend ?? project.backend };
}

/** The named columns in the order of the table; all without names. */
export function chosenColumns(source: SourceTable, names: readonly string[] | undefined): SourceColumn[] {
  const missing = names?.filter((name) => !source.columns.some((column) => column.name === name)) ?? [];
  if (missing.length > 0)
    throw new AttacheError('options_invalid', {
      message: `${source.id} has no column ${missing.join(', ')}.`,
      hint: `It has: ${source.columns
        .slice(0, 40)
        .map(({ name }) => name)
        .join(', ')}${source.columns.length > 40 ? ', …' : ''}.`,
    });
  const chosen = source.columns.filter(({ name }) => names === undefined || names.includes(name));
  const listed = chosen.find(({ name }) => name.includes(','));
  if (chosen.length > 0 && listed === undefined) return chosen;
  throw new AttacheError('source_data', {
    message:
      listed === undefined
        ? `${source.id} has no columns, and a published table needs one.`
        : `The column ${JSON.stringify(listed.name)} of ${source.id} cannot be exported: the service takes names separated by commas.`,
    hint: 'Correct the table, or choose other columns in options.columns.',
  });
}

/** Equal as long as the rows are; null for tables whose dates may not follow their rows. */
function fingerprintOf(
  { project, connection }: Reading,
  source: SourceTable,
  columns: readonly SourceColumn[],
  filters: readonly unknown[],
): string | null {
  if (!tellsOfItself(source) || source.lastChangeDate === null || source.lastImportDate === null) return null;
  const { id, lastImportDate, lastChangeDate, rows, bytes, primaryKey } = source;
  const facts = [
    project.id,
    connection.settings.branch,
    id,
    lastImportDate,
    lastChangeDate,
    rows,
    bytes,
    primaryKey,
    columns,
    filters,
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

function changedSince(
  source: SourceTable,
  table: TableRequest,
  { range }: PlanRequest,
): { seconds: number | null; warnings: string[] } {
  if (range.kind === 'all') {
    const wanted = table.sync_strategy === 'incremental' && !source.keepsImportTimes;
    return { seconds: null, warnings: wanted ? [readInFull(source)] : [] };
  }
  if (range.kind !== 'changes')
    throw new AttacheError('unsupported', {
      message: `A Keboola source cannot serve the range ${range.kind}.`,
      hint: 'Leave options.cursor out: the service itself knows which rows changed.',
    });
  if (!source.keepsImportTimes) return { seconds: null, warnings: [readInFull(source)] };
  const from = Date.parse(range.from);
  if (Number.isNaN(from))
    throw new AttacheError('options_invalid', {
      message: `${JSON.stringify(range.from)} is not a time from which ${source.id} could be read.`,
      hint: 'Give a time such as 2024-01-31T00:00:00Z.',
    });
  return { seconds: Math.floor((from - lagMs(table)) / 1000), warnings: [] };
}

function readInFull({ id }: SourceTable): string {
  return `${id} is read in full: the service does not keep the times at which its rows were imported`;
}

function lagMs({ options: { overlap } }: TableRequest): number {
  if (overlap === undefined) return defaultLagMs;
  return typeof overlap === 'number' ? overlap * 1000 : durationMs(overlap);
}

/** The next read of changes starts where the last import that this one sees ended. */
function watermarkOf(source: SourceTable, { sync_strategy }: TableRequest): Pick<ReadPlan, 'watermark'> {
  return sync_strategy === 'incremental' && source.keepsImportTimes && source.lastImportDate !== null
    ? { watermark: source.lastImportDate }
    : {};
}

function sizesOf({ rows, bytes }: SourceTable, isPartial: boolean): Pick<ReadPlan, 'rowBytes' | 'estimate'> {
  return {
    ...(rows !== null && bytes !== null && rows > 0 ? { rowBytes: bytes / rows } : {}),
    estimate: { rows: isPartial ? null : rows, bytes: isPartial ? null : bytes },
  };
}

/** Parquet keeps fractions of seconds and tells NULL from blank, but only typed tables have types in it, and Snowflake writes no zones. */
function isExactAsParquet({ isTyped, backend }: SourceTable, columns: readonly SourceColumn[]): boolean {
  const names = new Set(columns.map(({ name }) => name.toLowerCase()));
  const zoned = backend === 'snowflake' && columns.some(({ declared }) => isZoned(declared));
  return isTyped && !zoned && names.size === columns.length;
}

function isKey({ primaryKey }: SourceTable, names: readonly string[]): boolean {
  return names.length > 0 && primaryKey.length === names.length && primaryKey.every((name) => names.includes(name));
}
