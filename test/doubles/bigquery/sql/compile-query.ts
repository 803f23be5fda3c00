/** SELECT statements as DuckDB SQL, with the names and types of their result. */
import type { Field } from '../model/field-types.ts';
import { ident } from '../model/quote.ts';
import { invalidQuery } from '../rest/service-error.ts';
import { aggregates } from './aggregates.ts';
import { coerced, commonType, orderable } from './coerce.ts';
import { compileExpression, condition } from './compile-expression.ts';
import { compileSource } from './compile-source.ts';
import type { Column, Compiled, CompiledQuery, Relation, Scope, Statement } from './compiled.ts';
import { pruneReads } from './prune.ts';
import { readColumn, same } from './scope.ts';
import type { Expression, OrderItem, Query, Select, SelectItem } from './tree.ts';

export function compileQuery(query: Query, statement: Statement, outer?: Scope): CompiledQuery {
  const { named } = statement;
  for (const { name, query: inner } of query.with) {
    const compiled = compileQuery(inner, statement, outer);
    statement.named = new Map(statement.named).set(name.toLowerCase(), compiled);
  }
  const parts = query.selects.map((operand) =>
    compileOperand(operand, query.selects.length === 1 ? query.orderBy : [], statement, outer),
  );
  let sql = parts.length === 1 ? parts[0]!.sql : unionAll(parts);
  const fields = parts[0]!.fields;
  if (parts.length > 1 && query.orderBy.length > 0)
    sql += ` ORDER BY ${query.orderBy.map((o) => outputOrder(o, fields)).join(', ')}`;
  if (query.limit) sql += ` LIMIT ${constant(query.limit, statement)}`;
  if (query.offset) sql += ` OFFSET ${constant(query.offset, statement)}`;
  statement.named = named;
  return { sql, fields };
}

function compileOperand(
  operand: Query['selects'][number],
  orderBy: OrderItem[],
  statement: Statement,
  outer?: Scope,
): CompiledQuery {
  if (!('nested' in operand)) return compileSelect(operand, orderBy, statement, outer);
  const nested = compileQuery(operand.nested, statement, outer);
  const order = orderBy.length > 0 ? ` ORDER BY ${orderBy.map((o) => outputOrder(o, nested.fields)).join(', ')}` : '';
  return { sql: `SELECT * FROM (${nested.sql}) nested${order}`, fields: nested.fields };
}

function compileSelect(select: Select, orderBy: OrderItem[], statement: Statement, outer?: Scope): CompiledQuery {
  const source = select.from ? compileSource(select.from, statement, outer) : undefined;
  const scope: Scope = { relations: source?.relations ?? [], ...(outer ? { outer } : {}) };
  const items = select.items.flatMap((item) => compileItem(item, scope, statement));
  const names = outputNames(items.map((item) => item.name));
  const fields: Field[] = items.map((item, i) => ({ name: names[i]!, type: item.value.type }));
  const clauses = [
    `SELECT ${select.distinct ? 'DISTINCT ' : ''}${items.map((item, i) => `${item.value.sql} AS ${ident(names[i]!)}`).join(', ')}`,
  ];
  if (source) clauses.push(`FROM ${source.sql}`);
  if (select.where) {
    clauses.push(`WHERE ${condition(select.where, 'WHERE', scope, statement)}`);
    pruneReads(select.where, scope, statement);
  }
  const reference = (e: Expression) => ordinalOf(e, names, scope) ?? compileExpression(e, scope, statement).sql;
  if (select.groupBy.length > 0) clauses.push(`GROUP BY ${select.groupBy.map(reference).join(', ')}`);
  checkGrouping(select, scope);
  if (select.having) clauses.push(`HAVING ${condition(select.having, 'HAVING', scope, statement)}`);
  const order = orderBy.map((o) => orderText(o, fields, names, scope, statement));
  if (order.length > 0) clauses.push(`ORDER BY ${order.join(', ')}`);
  return { sql: clauses.join('\n'), fields };
}

interface Item {
  name: string | undefined;
  value: Compiled;
}

function compileItem(item: SelectItem, scope: Scope, statement: Statement): Item[] {
  if (!('star' in item)) {
    const implied =
      item.expression.node === 'path'
        ? item.expression.parts.at(-1)
        : item.expression.node === 'field'
          ? item.expression.name
          : undefined;
    return [{ name: item.alias ?? implied, value: compileExpression(item.expression, scope, statement) }];
  }
  const of = item.star;
  const relations = scope.relations.filter((r) => of === null || (r.alias && same(r.alias, of)));
  if (relations.length === 0) throw invalidQuery('SELECT * must have a FROM clause');
  const columns = relations.flatMap((r: Relation) => r.columns).filter((c: Column) => !c.hidden);
  return columns
    .filter((c) => !item.except.some((e) => same(e, c.name)))
    .map((c) => {
      const replaced = item.replace.find((r) => same(r.alias, c.name));
      return {
        name: c.name,
        value: replaced ? compileExpression(replaced.expression, scope, statement) : readColumn(c),
      };
    });
}

/** Columns without a name get f0_, f1_, …; two of the same name cannot be in a result. */
function outputNames(names: (string | undefined)[]): string[] {
  let anonymous = 0;
  const given = names.map((name) => name ?? `f${anonymous++}_`);
  const twice = given.find((name, i) => given.findIndex((other) => same(other, name)) < i);
  if (twice)
    throw invalidQuery(
      `Duplicate column names in the result are not supported when a destination table is present. Found duplicate(s): ${twice}`,
    );
  return given;
}

/** A name of the select list, or a number, stands for its position. */
function ordinalOf(expression: Expression, names: string[], scope: Scope): string | undefined {
  if (expression.node === 'literal' && expression.kind === 'INT64') return expression.text;
  if (expression.node !== 'path' || expression.parts.length !== 1) return undefined;
  const name = expression.parts[0]!;
  const isColumn = scope.relations.some((r) => r.columns.some((c) => same(c.name, name)));
  const at = names.findIndex((n) => same(n, name));
  return at >= 0 && !isColumn ? String(at + 1) : undefined;
}

function orderText(order: OrderItem, fields: Field[], names: string[], scope: Scope, statement: Statement): string {
  const ordinal = ordinalOf(order.by, names, { relations: [] });
  const value = ordinal
    ? { sql: ident(names[Number(ordinal) - 1]!), type: fields[Number(ordinal) - 1]!.type }
    : compileExpression(order.by, scope, statement);
  return direction(orderable(value.sql, value.type), order);
}

function outputOrder(order: OrderItem, fields: Field[]): string {
  const ordinal = ordinalOf(
    order.by,
    fields.map((f) => f.name),
    { relations: [] },
  );
  if (!ordinal) throw invalidQuery('ORDER BY of a set operation must name an output column');
  const field = fields[Number(ordinal) - 1]!;
  return direction(orderable(ident(field.name), field.type), order);
}

/** NULLs come first in ascending order, last in descending, unless said otherwise. */
function direction(sql: string, { descending, nulls }: OrderItem): string {
  return `${sql} ${descending ? 'DESC' : 'ASC'} NULLS ${nulls ?? (descending ? 'LAST' : 'FIRST')}`;
}

function unionAll(parts: CompiledQuery[]): string {
  const [first] = parts;
  if (parts.some((p) => p.fields.length !== first!.fields.length))
    throw invalidQuery('Queries in UNION ALL have mismatched column count');
  const types = first!.fields.map((_, i) => {
    const type = commonType(parts.map((p) => ({ sql: '', type: p.fields[i]!.type })));
    if (!type) throw invalidQuery(`Column ${i + 1} in UNION ALL has incompatible types`);
    return type;
  });
  first!.fields = first!.fields.map((f, i) => ({ ...f, type: types[i]! }));
  return parts
    .map((p, n) => {
      const columns = p.fields.map(
        (f, i) =>
          `${coerced({ sql: `u${n}.${ident(f.name)}`, type: f.type }, types[i]!)} AS ${ident(first!.fields[i]!.name)}`,
      );
      return `SELECT ${columns.join(', ')} FROM (${p.sql}) u${n}`;
    })
    .join('\nUNION ALL\n');
}

function constant(expression: Expression, statement: Statement): string {
  const value = compileExpression(expression, { relations: [] }, statement);
  if (value.type.kind !== 'INT64') throw invalidQuery('LIMIT and OFFSET take integers');
  return value.sql;
}

/** A bare column beside an aggregate needs GROUP BY; DuckDB would say so too, but in its own words and only when run. */
function checkGrouping(select: Select, scope: Scope): void {
  if (select.groupBy.length > 0 || scope.relations.length === 0) return;
  const expressions = select.items.flatMap((item) => ('star' in item ? [] : [item.expression]));
  if (!expressions.some(hasAggregate)) return;
  const bare = expressions.find((e) => e.node === 'path');
  if (bare?.node === 'path') {
    throw invalidQuery(
      `SELECT list expression references column ${bare.parts.join('.')} which is neither grouped nor aggregated`,
    );
  }
}

function hasAggregate(expression: Expression): boolean {
  return expression.node === 'call' && expression.name in aggregates;
}
