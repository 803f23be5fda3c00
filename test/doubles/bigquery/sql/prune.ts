/**
 * Which partitions a WHERE clause leaves to read. Conditions on the partition column are restated over the first and last value
 * a partition can hold; AND combines what is known, OR needs both sides, anything else prunes nothing.
 */
import { isPartitioned, partitionColumn } from '../data/partitions.ts';
import { castTo } from './cast.ts';
import { coerced, commonType } from './coerce.ts';
import { compileExpression } from './compile-expression.ts';
import type { Compiled, Scope, Statement, TableRead } from './compiled.ts';
import { same } from './scope.ts';
import type { Expression } from './tree.ts';
import { compileUnitFunction, takesUnit } from './unit-functions.ts';

export function pruneReads(where: Expression, scope: Scope, statement: Statement): void {
  for (const relation of scope.relations) {
    if (relation.tableRead) pruneRead(relation.tableRead, relation.alias, where, statement);
  }
}

export function pruneRead(read: TableRead, alias: string | null, where: Expression, statement: Statement): void {
  if (read.table.hiveKeys && choosesFolders(where, read.table.hiveKeys)) read.namesHiveKey = true;
  if (!isPartitioned(read.table)) return;
  const found = prune(where, { read, alias, statement });
  if (found) read.prune = read.prune ? `(${read.prune}) AND (${found})` : found;
}

/** Whether a condition compares a key of the paths with what needs no row. */
function choosesFolders(e: Expression, keys: readonly string[]): boolean {
  const isKey = (one: Expression) => one.node === 'path' && keys.some((key) => same(one.parts.at(-1)!, key));
  if (e.node === 'binary' && e.op === 'AND') return choosesFolders(e.left, keys) || choosesFolders(e.right, keys);
  if (e.node === 'binary' && e.op === 'OR') return choosesFolders(e.left, keys) && choosesFolders(e.right, keys);
  if (e.node === 'binary')
    return (isKey(e.left) && !mentionsRows(e.right)) || (isKey(e.right) && !mentionsRows(e.left));
  if (e.node === 'between') return isKey(e.of) && !mentionsRows(e.low) && !mentionsRows(e.high);
  if (e.node === 'in') return isKey(e.of) && Array.isArray(e.items) && !e.items.some(mentionsRows);
  return e.node === 'is' && isKey(e.of);
}

interface Context {
  read: TableRead;
  alias: string | null;
  statement: Statement;
}

function prune(e: Expression, context: Context): string | null {
  if (e.node === 'binary' && e.op === 'AND') {
    const sides = [prune(e.left, context), prune(e.right, context)].filter((s) => s !== null);
    return sides.length > 0 ? sides.map((s) => `(${s})`).join(' AND ') : null;
  }
  if (e.node === 'binary' && e.op === 'OR') {
    const [left, right] = [prune(e.left, context), prune(e.right, context)];
    return left && right ? `(${left}) OR (${right})` : null;
  }
  if (e.node === 'binary') return pruneComparison(e.op, e.left, e.right, context);
  if (e.node === 'between' && !e.negated) {
    const sides = [pruneComparison('>=', e.of, e.low, context), pruneComparison('<=', e.of, e.high, context)];
    return sides[0] && sides[1] ? `(${sides[0]}) AND (${sides[1]})` : null;
  }
  if (e.node === 'in' && !e.negated && Array.isArray(e.items)) {
    const each = e.items.map((item) => pruneComparison('=', e.of, item, context));
    return each.every((s) => s !== null) ? each.map((s) => `(${s})`).join(' OR ') : null;
  }
  if (e.node === 'is' && e.what === 'NULL' && isPartitionColumn(e.of, context)) {
    return e.negated ? `__part <> '__NULL__'` : `__part = '__NULL__'`;
  }
  return null;
}

const mirrored: Record<string, string> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

function pruneComparison(op: string, left: Expression, right: Expression, context: Context): string | null {
  if (!(op in mirrored)) return null;
  const low = boundOf(left, '__low', context);
  if (!low) return boundOf(right, '__low', context) ? pruneComparison(mirrored[op]!, right, left, context) : null;
  const high = boundOf(left, '__high', context)!;
  const value = constantValue(right, context.statement);
  const type = value && commonType([low, value]);
  if (!value || !type) return null;
  const [l, h, v] = [low, high, value].map((x) => coerced(x, type));
  if (op === '=') return `${l} <= ${v} AND ${h} >= ${v}`;
  return op === '<' || op === '<=' ? `${l} ${op} ${v}` : `${h} ${op} ${v}`;
}

/** The bound of the partition column, seen through functions that keep the order of time. */
function boundOf(e: Expression, bound: '__low' | '__high', context: Context): Compiled | null {
  if (isPartitionColumn(e, context)) {
    const type = partitionColumn(context.read.table)!.type;
    const byDate = e.node === 'path' && same(e.parts.at(-1)!, '_PARTITIONDATE');
    return byDate ? { sql: `CAST(${bound} AS DATE)`, type: { kind: 'DATE' } } : { sql: bound, type };
  }
  if (e.node === 'call' && e.name === 'DATE' && e.args.length === 1) return asDate(boundOf(e.args[0]!, bound, context));
  if (e.node === 'cast' && e.type.kind === 'DATE') return asDate(boundOf(e.of, bound, context));
  if (e.node === 'call' && takesUnit(e.name) && e.name.endsWith('_TRUNC')) {
    const inner = boundOf(e.args[0]!, bound, context);
    return inner && compileUnitFunction(e.name, e.args, () => inner);
  }
  return null;
}

function asDate(value: Compiled | null): Compiled | null {
  return value && castTo(value, { kind: 'DATE' }, false);
}

function isPartitionColumn(e: Expression, { read, alias }: Context): boolean {
  if (e.node !== 'path') return false;
  const name = e.parts.at(-1)!;
  if (e.parts.length > 2 || (e.parts.length === 2 && !(alias && same(alias, e.parts[0]!)))) return false;
  const column = partitionColumn(read.table)!.name;
  return same(name, column) || (column === '_PARTITIONTIME' && same(name, '_PARTITIONDATE'));
}

/** A value that needs no row; subqueries do not prune, as in the service. */
function constantValue(e: Expression, statement: Statement): Compiled | null {
  if (mentionsRows(e)) return null;
  return compileExpression(e, { relations: [] }, statement);
}

function mentionsRows(e: Expression): boolean {
  if (e.node === 'path')
    return !/^(MICROSECOND|MILLISECOND|SECOND|MINUTE|HOUR|DAY|ISOWEEK|MONTH|QUARTER|YEAR)$/i.test(e.parts.join('.'));
  if (e.node === 'subquery') return true;
  if (e.node === 'call') return e.args.some(mentionsRows);
  if (e.node === 'binary') return mentionsRows(e.left) || mentionsRows(e.right);
  if (e.node === 'cast' || e.node === 'unary') return mentionsRows(e.of);
  if (e.node === 'interval') return mentionsRows(e.count);
  return !['literal', 'typed', 'parameter'].includes(e.node);
}
