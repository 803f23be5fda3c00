/** FROM clauses as DuckDB SQL. Tables are read at one version, and every column that is read is noted. */
import { partitionTimeSql } from '../data/partitions.ts';
import { aliveAt, physicalName, type Table, tablePath, versionAt } from '../data/table.ts';
import { ident } from '../model/quote.ts';
import { invalidQuery } from '../rest/service-error.ts';
import { compileExpression, condition } from './compile-expression.ts';
import { compileQuery } from './compile-query.ts';
import type { Column, CompiledQuery, Relation, Scope, Statement, TableRead } from './compiled.ts';
import { findTable } from './find-table.ts';
import { informationSchema } from './information-schema.ts';
import { parseStatement } from './parse-query.ts';
import type { Source } from './tree.ts';

export interface CompiledSource {
  sql: string;
  relations: Relation[];
}

let aliases = 0;

export function compileSource(source: Source, statement: Statement, outer?: Scope): CompiledSource {
  switch (source.source) {
    case 'query':
      return derived(compileQuery(source.query, statement, outer), source.alias ?? null);
    case 'unnest':
      return unnested(source, statement, outer ?? { relations: [] });
    case 'join':
      return joined(source, statement, outer);
    case 'table':
      return fromTable(source, statement);
  }
}

function derived(query: CompiledQuery, alias: string | null): CompiledSource {
  const name = `r${aliases++}`;
  const columns = query.fields.map((f): Column => ({ name: f.name, type: f.type, sql: `${name}.${ident(f.name)}` }));
  return { sql: `(${query.sql}) ${name}`, relations: [{ alias, columns }] };
}

function fromTable(source: Extract<Source, { source: 'table' }>, statement: Statement): CompiledSource {
  const alias = source.alias ?? source.parts.at(-1)!;
  const named = source.parts.length === 1 ? statement.named.get(source.parts[0]!.toLowerCase()) : undefined;
  if (named) return derived(named, alias);
  const metadata = informationSchema(source.parts, statement);
  if (metadata) return derived(metadata, alias);
  const table = findTable(source.parts, statement);
  statement.authorize(table);
  const stamp = source.asOf ? readMoment(source.asOf, table, statement) : statement.stamp;
  if (table.kind === 'VIEW') return derived(viewQuery(table, statement), alias);
  return tableAt(table, stamp, alias, statement);
}

/** The stored query, compiled as the view's own project sees it. */
function viewQuery(table: Table, statement: Statement): CompiledQuery {
  const { named } = statement;
  statement.named = new Map();
  const compiled = compileQuery(parseStatement(table.query ?? ''), statement);
  statement.named = named;
  return compiled;
}

function tableAt(table: Table, stamp: number, alias: string, statement: Statement): CompiledSource {
  const name = `t${aliases++}`;
  const read: TableRead = { table, version: versionAt(table, stamp), columns: new Set(), prune: null };
  statement.reads.push(read);
  const columns = table.fields.map(
    (f): Column => ({
      name: f.name,
      type: f.type,
      sql: `${name}.${ident(f.name)}`,
      read: () => read.columns.add(f.name.toLowerCase()),
    }),
  );
  const byArrival = table.timePartitioning && !table.timePartitioning.field;
  if (byArrival) {
    columns.push({
      name: '_PARTITIONTIME',
      type: { kind: 'TIMESTAMP' },
      sql: `${name}."_PARTITIONTIME"`,
      hidden: true,
    });
    columns.push({
      name: '_PARTITIONDATE',
      type: { kind: 'DATE' },
      sql: `CAST(${name}."_PARTITIONTIME" AS DATE)`,
      hidden: true,
    });
  }
  const arrival = byArrival ? `, ${partitionTimeSql(table)} AS "_PARTITIONTIME"` : '';
  const rows = `SELECT *${arrival} FROM ${physicalName(table)} WHERE ${aliveAt(read.version)}`;
  return { sql: `(${rows}) ${name}`, relations: [{ alias, columns, tableRead: read }] };
}

const travelMs = 7 * 24 * 3600 * 1000;

function readMoment(
  asOf: NonNullable<Extract<Source, { source: 'table' }>['asOf']>,
  table: Table,
  statement: Statement,
): number {
  const value = compileExpression(asOf, { relations: [] }, statement);
  if (value.type.kind !== 'TIMESTAMP') throw invalidQuery('FOR SYSTEM_TIME AS OF must be of type TIMESTAMP');
  const at = constantMicros(value.sql);
  return checkMoment(at, table, statement.stamp);
}

/** Time travel reaches back seven days, never before the table, never into the future. */
export function checkMoment(stamp: number, table: Table, now: number): number {
  const where = `for table ${tablePath(table)}`;
  if (stamp > now) throw invalidQuery(`Invalid snapshot time ${stamp} ${where}. Cannot read in the future.`);
  if (stamp < now - travelMs * 1000)
    throw invalidQuery(`Invalid snapshot time ${stamp} ${where}. Cannot read before ${now - travelMs * 1000}`);
  if (stamp < table.createdStamp)
    throw invalidQuery(`Invalid time travel timestamp ${stamp} ${where}. Cannot read before ${table.createdStamp}`);
  return stamp;
}

/** Constants of time travel are literals, parameters, CURRENT_TIMESTAMP() or TIMESTAMP_MICROS(n), which print as a cast or a call. */
function constantMicros(sql: string): number {
  const epoch =
    /^(?:CAST\()?make_timestamptz\((?:CAST\()?(\d+)(?: AS BIGINT\))?( \* 1000)?\)(?: AS TIMESTAMPTZ\))?$/.exec(sql);
  if (epoch) return Number(epoch[1]) * (epoch[2] ? 1000 : 1);
  const literal = /^CAST\('([^']+)' AS TIMESTAMPTZ\)$/.exec(sql)?.[1];
  const micros = literal === undefined ? undefined : microsOf(literal);
  if (micros === undefined) throw invalidQuery('FOR SYSTEM_TIME AS OF takes a constant TIMESTAMP here');
  return micros;
}

function microsOf(literal: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/.exec(
    literal,
  );
  if (!match) return undefined;
  const zone = !match[4] || match[4] === 'UTC' ? 'Z' : /^[+-]\d\d$/.test(match[4]) ? `${match[4]}:00` : match[4];
  const seconds = Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}${zone}`);
  return Number.isNaN(seconds) ? undefined : seconds * 1000 + Number((match[3] ?? '').padEnd(6, '0'));
}

function unnested(source: Extract<Source, { source: 'unnest' }>, statement: Statement, scope: Scope): CompiledSource {
  const array = compileExpression(source.array, scope, statement);
  if (array.type.kind !== 'ARRAY')
    throw invalidQuery(
      `Values referenced in UNNEST must be arrays. UNNEST contains expression of type ${array.type.kind}`,
    );
  const name = `n${aliases++}`;
  const { item } = array.type;
  const columns: Column[] =
    item.kind === 'STRUCT'
      ? item.fields.map((f) => ({ name: f.name, type: f.type, sql: `(${name}.item).${ident(f.name)}` }))
      : [{ name: source.alias ?? 'f0_', type: item, sql: `${name}.item` }];
  if (source.offset) columns.push({ name: source.offset, type: { kind: 'INT64' }, sql: `(${name}.place - 1)` });
  const sql = `LATERAL (SELECT unnest(${array.sql}) AS item, generate_subscripts(${array.sql}, 1) AS place) ${name}`;
  return { sql, relations: [{ alias: source.alias ?? null, columns }] };
}

function joined(source: Extract<Source, { source: 'join' }>, statement: Statement, outer?: Scope): CompiledSource {
  const left = compileSource(source.left, statement, outer);
  const leftScope: Scope = { relations: left.relations, ...(outer ? { outer } : {}) };
  const right = compileSource(source.right, statement, source.right.source === 'unnest' ? leftScope : outer);
  const relations = [...left.relations, ...right.relations];
  const scope: Scope = { relations, ...(outer ? { outer } : {}) };
  if (source.kind === 'CROSS') return { sql: `${left.sql} CROSS JOIN ${right.sql}`, relations };
  if (source.using) return joinUsing(source.kind, source.using, left, right);
  if (!source.on) throw invalidQuery(`${source.kind} JOIN must have an immediately following ON or USING clause`);
  return {
    sql: `${left.sql} ${source.kind} JOIN ${right.sql} ON ${condition(source.on, 'ON', scope, statement)}`,
    relations,
  };
}

function joinUsing(kind: string, using: string[], left: CompiledSource, right: CompiledSource): CompiledSource {
  const find = (side: CompiledSource, name: string): Column => {
    const column = side.relations.flatMap((r) => r.columns).find((c) => c.name.toLowerCase() === name.toLowerCase());
    if (!column) throw invalidQuery(`Column ${name} in USING clause not found`);
    column.read?.();
    return column;
  };
  const on = using.map((name) => `${find(left, name).sql} = ${find(right, name).sql}`).join(' AND ');
  const hide = (c: Column): Column =>
    using.some((u) => u.toLowerCase() === c.name.toLowerCase()) ? { ...c, name: `\u0000${c.name}`, hidden: true } : c;
  const relations = [...left.relations, ...right.relations.map((r) => ({ ...r, columns: r.columns.map(hide) }))];
  return { sql: `${left.sql} ${kind} JOIN ${right.sql} ON ${on}`, relations };
}
