/** Plans how one table is read: its columns, its pieces and their order. */
import { identifier, qualified } from '../../duckdb/quote.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { PlanRequest, ReadPlan } from '../read-way.ts';
import type { TableRequest } from '../table-request.ts';
import type { SourceColumn } from './column-types.ts';
import { describeTable, type SourceTable, storedBelow } from './describe-table.ts';
import { estimateRead } from './estimate-read.ts';
import { explainError } from './explain-error.ts';
import type { Engine } from './extension/engine.ts';
import { extensionColumns } from './extension/extension-columns.ts';
import { extensionPieceOf } from './extension/open-piece.ts';
import { measureDecimals } from './measure-decimals.ts';
import { pieceOf } from './open-piece.ts';
import { planColumns, type WireColumn } from './plan-columns.ts';
import { type Portion, pageRanges } from './portions.ts';
import { chosenColumns, rowFilter } from './row-filter.ts';
import type { Settings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';

/** Since this version the server reads a range of pages without walking through all. */
const firstVersionWithRanges = 14;

/** Stored bytes up to which a table of few pages is sorted here. */
const mostSortedBytes = 96 << 20;

/** What a table is read with. */
export interface Reading {
  snapshot: Snapshot;
  settings: Settings;
  /** The extension; null for the native way. */
  engine: Engine | null;
}

export async function planRead(reading: Reading, table: TableRequest, request: PlanRequest): Promise<ReadPlan> {
  try {
    return await plan(reading, table, request);
  } catch (thrown) {
    throw explainError(thrown, `planning the read of ${table.bucket ?? 'public'}.${table.source_table}`);
  }
}

async function plan(reading: Reading, table: TableRequest, request: PlanRequest): Promise<ReadPlan> {
  const { snapshot } = reading;
  const source = await describeTable(snapshot.ask, table);
  const chosen = chosenColumns(source, table.options.columns);
  if (chosen.length === 0) throw withoutColumns(source);
  const conditions = rowFilter(source, table.options.where ?? [], request.range);
  const from = `${qualified(source.schema, source.name)}${whereOf(conditions)}`;
  const digits = await measureDecimals(snapshot.ask, chosen, from, request.previousColumns);
  const columns = planColumns(chosen, digits);
  const { portions, order } = await portionsOf(snapshot, source, table, request, conditions, chosen);
  return {
    kind: 'read',
    ...piecesOf(reading, table, portions, chosen, columns, request),
    order,
    uniqueKey: isKey(source, table.primary_key),
    ...(source.rowBytes === null ? {} : { rowBytes: source.rowBytes }),
    ...(request.estimate === true ? { estimate: await estimateRead(snapshot.ask, chosen, from) } : {}),
    warnings: chosen.filter((column) => digits.get(column.name) === null).map(keptAsText),
  };
}

/** Both ways read the same portions, in the same order, into the same values. */
function piecesOf(
  { snapshot, settings, engine }: Reading,
  table: TableRequest,
  portions: readonly Portion[],
  chosen: readonly SourceColumn[],
  native: readonly WireColumn[],
  { previousColumns }: PlanRequest,
): Pick<ReadPlan, 'columns' | 'pieces'> {
  if (engine === null)
    return { columns: [...native], pieces: portions.map((portion) => pieceOf(snapshot, native, portion)) };
  const columns = extensionColumns(chosen, native, previousColumns);
  const reading = { engine, snapshot, settings, table, columns };
  return { columns, pieces: portions.map((portion) => extensionPieceOf(reading, portion)) };
}

function keptAsText({ name, declared }: SourceColumn): string {
  return `column ${name} (${declared}) is kept as text: its values do not fit DECIMAL(38), or are NaN or infinite`;
}

function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.map((each) => `(${each})`).join(' AND ')}`;
}

function isKey(source: SourceTable, names: readonly string[]): boolean {
  return names.length > 0 && source.key.length === names.length && source.key.every((name) => names.includes(name));
}

interface Portions {
  portions: Portion[];
  order: ReadPlan['order'];
}

/** Large tables come in ranges of pages, as they lie; small ones by their key, so that an update that moves a row changes nothing; what has no pages by a sort. */
async function portionsOf(
  snapshot: Snapshot,
  source: SourceTable,
  table: TableRequest,
  { range }: PlanRequest,
  conditions: readonly string[],
  chosen: readonly SourceColumn[],
): Promise<Portions> {
  const stored = range.kind === 'all' ? await pagedPortions(snapshot, source) : null;
  if (stored !== null && stored.length > 1) {
    return {
      portions: stored.map((portion) => ({ ...portion, conditions: [...portion.conditions, ...conditions] })),
      order: 'source',
    };
  }
  const whole: Portion = {
    id: 'all',
    schema: source.schema,
    name: source.name,
    only: false,
    stored: ['r', 'p', 'm'].includes(source.kind),
    conditions: [...conditions],
    orderBy: null,
  };
  // Long values are heavy to sort; the server has an index of their keys.
  if (source.bytes > mostSortedBytes && isKey(source, table.primary_key))
    return { portions: [{ ...whole, orderBy: source.key.map(identifier).join(', ') }], order: 'source' };
  const names = chosen.map((column) => column.name);
  if (table.primary_key.length > 0 && table.primary_key.every((name) => names.includes(name))) {
    return { portions: [{ ...whole, orderBy: null }], order: 'key' };
  }
  if (source.key.length > 0)
    return { portions: [{ ...whole, orderBy: source.key.map(identifier).join(', ') }], order: 'source' };
  if (stored !== null) return { portions: [whole], order: 'source' };
  return { portions: [{ ...whole, orderBy: chosen.map(sortable).join(', ') }], order: 'source' };
}

/** The pieces of everything that has pages; null for what has none. */
async function pagedPortions(snapshot: Snapshot, source: SourceTable): Promise<Portion[] | null> {
  if (snapshot.server.version < firstVersionWithRanges) return null;
  if (source.kind !== 'p' && !source.hasChildren) return source.heap ? pageRanges(source, '') : null;
  const stored = await storedBelow(snapshot.ask, source.oid);
  if (stored === null || stored.length === 0) return null;
  return stored.flatMap((table) => {
    const id = `${table.schema}.${table.name}:`;
    if (table.heap && table.kind === 'r') return pageRanges(table, id);
    return [{ id, schema: table.schema, name: table.name, only: true, stored: false, conditions: [], orderBy: null }];
  });
}

/** Not every type has an order of its own; its text always has. Bytes compare faster than letters, and the same everywhere. */
function sortable({ name, base, baseSchema, dimensions }: SourceColumn): string {
  const ordered = [
    'bool',
    'int2',
    'int4',
    'int8',
    'float4',
    'float8',
    'numeric',
    'date',
    'timestamp',
    'timestamptz',
    'uuid',
  ];
  if (baseSchema === 'pg_catalog' && dimensions === 0 && ordered.includes(base)) return identifier(name);
  return `${identifier(name)}::text COLLATE "C"`;
}

function withoutColumns(source: SourceTable): AttacheError {
  return new AttacheError('source_data', {
    message: `${source.schema}.${source.name} has no columns, and a published table needs one.`,
    hint: 'Give it a column, or remove it from the registry.',
  });
}
