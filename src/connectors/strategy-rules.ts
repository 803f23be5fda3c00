/** Says before the first run why a strategy cannot work: what the source cannot serve, what is missing, and settings that would have no effect. Pure. */
import type { Fault } from '../errors/attache-error.ts';
import type { Serves } from './connector.ts';
import type { TableRequest } from './table-request.ts';

/** A column as far as the source tells. */
export interface KnownColumn {
  name: string;
  /** It is known that rows may lack a value. */
  nullable: boolean;
  /** Its published type, where that is known already. */
  type?: string | null;
}

/** Every reason why `table` cannot be synced as registered; `columns` is null when the source could not be asked. */
export function strategyFaults(table: TableRequest, serves: Serves, columns: readonly KnownColumn[] | null): Fault[] {
  const faults: Fault[] = [];
  const fault = (pointer: string, message: string) => faults.push({ pointer, message });
  const { options, sync_strategy: strategy } = table;
  for (const name of repeated(table.primary_key)) fault('/primary_key', `names ${name} twice`);
  for (const name of repeated(options.columns ?? [])) fault('/options/columns', `names ${name} twice`);
  for (const [key, strategies] of Object.entries(strategiesOfOption)) {
    if (options[key] !== undefined && !strategies.includes(strategy))
      fault(
        `/options/${key}`,
        `has no effect with sync_strategy ${strategy}; it belongs to ${strategies.join(' and ')}`,
      );
  }
  if (options.where !== undefined && !serves.where) fault('/options/where', 'this type of source cannot filter rows');
  if (options.columns !== undefined && !serves.columns)
    fault('/options/columns', 'this type of source cannot choose columns');
  if (table.query_mode === 'remote' && !serves.remote)
    fault('/query_mode', 'this type of source cannot be queried remotely; use local');
  if (strategy === 'incremental') {
    keyFaults(table, fault);
    rangeFaults(table, serves, fault);
  }
  if (strategy === 'partitioned') partitionedFaults(table, fault);
  if (columns !== null) columnFaults(table, serves, columns, fault);
  return faults;
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** Rows are merged by key where there is one, unless only appending was asked for. */
export function isMerge({ options, primary_key }: Pick<TableRequest, 'options' | 'primary_key'>): boolean {
  return (options.mode ?? (primary_key.length > 0 ? 'merge' : 'append')) === 'merge';
}

type Say = (pointer: string, message: string) => void;

const strategiesOfOption: Record<string, string[]> = {
  cursor: ['incremental', 'partitioned'],
  mode: ['incremental'],
  overlap: ['incremental'],
  full_refresh_every: ['incremental', 'partitioned'],
  detect_deletes: ['incremental'],
  partition_by: ['partitioned'],
  granularity: ['partitioned'],
};

/** What must hold so that changed rows can be found. */
function rangeFaults({ options, primary_key }: TableRequest, serves: Serves, fault: Say): void {
  if (serves.pieces === true) {
    if (options.overlap !== undefined)
      fault(
        '/options/overlap',
        'has no effect: every run looks at the whole of this type of source, so nothing can be missed',
      );
    return;
  }
  if (options.cursor === undefined && !serves.changes) {
    fault(
      '/options/cursor',
      serves.cursor
        ? 'is missing: name the column that grows with every change, e.g. updated_at'
        : 'this type of source cannot be read incrementally',
    );
  }
  if (options.cursor !== undefined && !serves.cursor)
    fault('/options/cursor', 'this type of source cannot be read from a cursor value on');
  if (options.mode === undefined && options.cursor === undefined && primary_key.length === 0)
    fault('/primary_key', 'is missing: changed rows cannot be found without one');
}

function keyFaults({ options, primary_key }: TableRequest, fault: Say): void {
  if (options.mode === 'merge' && primary_key.length === 0)
    fault('/primary_key', 'is missing: rows cannot be merged without one; give it, or use mode append');
  if (options.detect_deletes === true && primary_key.length === 0)
    fault('/primary_key', 'is missing: deletions cannot be found without one');
  if (options.detect_deletes === true && options.mode === 'append')
    fault('/options/detect_deletes', 'has no effect with mode append');
}

/** Why a read from a given cursor value on would have no effect on the table, or null when it has one. */
export function sinceFault({ query_mode, sync_strategy }: TableRequest, serves: Serves): string | null {
  if (query_mode === 'remote') return 'it is remote: nothing is read';
  if (sync_strategy !== 'incremental')
    return `its sync_strategy is ${sync_strategy}, which reads what changed by itself`;
  return serves.pieces === true ? 'every run looks at the whole of its source' : null;
}

function partitionedFaults({ options, primary_key }: TableRequest, fault: Say): void {
  if (options.partition_by === undefined && options.granularity !== 'hash')
    fault(
      '/options/partition_by',
      'is missing: name the column whose value decides the partition, or use granularity hash',
    );
  if (options.granularity === 'hash' && options.partition_by === undefined && primary_key.length === 0)
    fault('/primary_key', 'is missing: without it or partition_by there is nothing to hash');
}

function columnFaults(
  { options, primary_key, sync_strategy }: TableRequest,
  serves: Serves,
  columns: readonly KnownColumn[],
  fault: Say,
): void {
  const known = new Map(columns.map((column) => [column.name, column]));
  const chosen = options.columns === undefined ? null : new Set(options.columns);
  const need = (pointer: string, name: string | undefined, mustBeChosen = true) => {
    if (name === undefined) return;
    if (!known.has(name)) fault(pointer, `the source has no column ${name}`);
    else if (mustBeChosen && chosen !== null && !chosen.has(name))
      fault(pointer, `column ${name} is not among options.columns`);
  };
  for (const name of primary_key) need('/primary_key', name);
  for (const name of options.columns ?? []) need('/options/columns', name);
  for (const clause of options.where ?? []) need('/options/where', clause.column, false);
  need('/options/cursor', options.cursor);
  need('/options/partition_by', options.partition_by);
  partitionTypeFault(options, known.get(options.partition_by ?? '')?.type, fault);
  const readsFromCursor = sync_strategy === 'incremental' && serves.pieces !== true;
  if (options.cursor !== undefined && readsFromCursor && known.get(options.cursor)?.nullable === true) {
    fault(
      '/options/cursor',
      `column ${options.cursor} may be NULL: rows without a value would never be seen; choose a NOT NULL column`,
    );
  }
  if (readsFromCursor) overlapFault(options, known.get(options.cursor ?? '')?.type, fault);
}

const timeType = /^(DATE$|TIMESTAMP)/;
const numberType = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|DECIMAL)/;

/** What lies below a watermark can be told of times and numbers alone. */
function overlapFault({ overlap, cursor }: TableRequest['options'], type: string | null | undefined, fault: Say): void {
  if (overlap === undefined || !type || timeType.test(type)) return;
  if (!numberType.test(type))
    fault('/options/overlap', `has no meaning: the cursor ${cursor} is ${type}; leave it out`);
  else if (typeof overlap === 'string')
    fault('/options/overlap', `a duration has no meaning: the cursor ${cursor} is ${type}; give a number`);
}

/** Text is read as a date where it is one. */
function partitionTypeFault(
  { granularity = 'month', partition_by }: TableRequest['options'],
  type: string | null | undefined,
  fault: Say,
): void {
  if (!type || granularity === 'hash' || timeType.test(type) || type === 'VARCHAR') return;
  fault(
    '/options/partition_by',
    `column ${partition_by} is ${type}, which has no ${granularity}; choose a date or a timestamp, or granularity hash`,
  );
}
