/** Expressions of the tree as typed DuckDB SQL. */
import type { FieldType } from '../model/field-types.ts';
import { ident, text } from '../model/quote.ts';
import { canonicalDecimal } from '../model/sql-literals.ts';
import { duckType } from '../model/storage-types.ts';
import { invalidQuery } from '../rest/service-error.ts';
import { aggregates } from './aggregates.ts';
import { castTo } from './cast.ts';
import { coerced, commonType, noSignature } from './coerce.ts';
import { bool, compare } from './compare.ts';
import { compileQuery } from './compile-query.ts';
import type { Compiled, Scope, Statement } from './compiled.ts';
import { functions } from './functions.ts';
import { fieldOf, resolvePath } from './scope.ts';
import type { Expression, OrderItem, SelectExpression } from './tree.ts';
import { compileExtract, compileUnitFunction, takesUnit } from './unit-functions.ts';

export function compileExpression(expression: Expression, scope: Scope, statement: Statement): Compiled {
  const compile = (e: Expression) => compileExpression(e, scope, statement);
  switch (expression.node) {
    case 'literal':
      return compileLiteral(expression);
    case 'typed':
      return typedLiteral(expression.text, expression.type);
    case 'parameter':
      return parameterValue(expression, statement);
    case 'path':
      return resolvePath(expression.parts, scope);
    case 'field':
      return fieldOf(compile(expression.of), expression.name);
    case 'element':
      return elementOf(compile(expression.of), compile(expression.index), expression.from, expression.safe);
    case 'unary':
      return compileUnary(expression.op, compile(expression.of));
    case 'binary':
      return compileBinary(expression.op, compile(expression.left), compile(expression.right));
    case 'is':
      return bool(`(${compile(expression.of).sql} IS ${expression.negated ? 'NOT ' : ''}${expression.what})`);
    case 'between': {
      const of = compile(expression.of);
      const both = `(${compare('>=', of, compile(expression.low)).sql} AND ${compare('<=', of, compile(expression.high)).sql})`;
      return bool(expression.negated ? `(NOT ${both})` : both);
    }
    case 'in':
      return compileIn(compile(expression.of), expression, compile, scope, statement);
    case 'like':
      return compileLike(compile(expression.of), compile(expression.pattern), expression.negated);
    case 'case':
      return compileCase(expression, compile);
    case 'cast':
      return castTo(compile(expression.of), expression.type, expression.safe);
    case 'extract':
      return compileExtract(expression.part, compile(expression.of));
    case 'call':
      return compileCall(expression, compile, statement);
    case 'array':
      return compileArray(expression.items.map(compile), expression.type);
    case 'struct':
      return compileStruct(expression.items, expression.type, compile);
    case 'subquery':
      return compileSubquery(expression, scope, statement);
    default:
      throw invalidQuery(`Syntax error: Unexpected ${expression.node === 'star' ? '"*"' : expression.node}`);
  }
}

export function condition(expression: Expression, clause: string, scope: Scope, statement: Statement): string {
  const value = compileExpression(expression, scope, statement);
  if (value.type.kind !== 'BOOL')
    throw invalidQuery(`${clause} clause should return type BOOL, but returns ${value.type.kind}`);
  return value.sql;
}

function compileLiteral({ kind, text: value }: { kind: string; text: string }): Compiled {
  switch (kind) {
    case 'STRING':
      return { sql: text(value), type: { kind }, adapts: true };
    case 'BYTES':
      return { sql: `from_hex(${text(Buffer.from(value, 'latin1').toString('hex'))})`, type: { kind: 'BYTES' } };
    case 'INT64':
      return { sql: `CAST(${BigInt(value)} AS BIGINT)`, type: { kind: 'INT64' }, adapts: true };
    case 'FLOAT64':
      return { sql: `CAST(${text(value)} AS DOUBLE)`, type: { kind: 'FLOAT64' }, adapts: true };
    case 'BOOL':
      return { sql: value.toLowerCase(), type: { kind: 'BOOL' } };
    default:
      return { sql: 'NULL', type: { kind: 'INT64' }, adapts: true, isNull: true };
  }
}

function typedLiteral(value: string, type: FieldType): Compiled {
  if (type.kind === 'BIGNUMERIC') return { sql: text(canonicalDecimal(value)), type };
  if (type.kind === 'JSON' || type.kind === 'INTERVAL') return { sql: text(value), type };
  return { sql: `CAST(${text(value)} AS ${duckType(type)})`, type };
}

function parameterValue({ name, position }: { name: string; position: number }, statement: Statement): Compiled {
  const found =
    position >= 0
      ? statement.parameters[position]
      : statement.parameters.find((p) => p.name?.toLowerCase() === name.toLowerCase());
  if (!found) throw invalidQuery(`Query parameter '${name}' not found`);
  return found.value;
}

function elementOf(of: Compiled, index: Compiled, from: 0 | 1, safe: boolean): Compiled {
  if (of.type.kind !== 'ARRAY' || index.type.kind !== 'INT64') throw noSignature('operator []', [of, index]);
  const at = from === 0 ? `(${index.sql} + 1)` : index.sql;
  const element = `(${of.sql})[${at}]`;
  const checked = `CASE WHEN ${at} < 1 OR ${at} > len(${of.sql}) THEN error('Array index out of bounds') ELSE ${element} END`;
  return { sql: safe ? element : checked, type: of.type.item };
}

function compileUnary(op: '-' | '+' | 'NOT', of: Compiled): Compiled {
  if (op === 'NOT') {
    if (of.type.kind !== 'BOOL') throw noSignature('operator NOT', [of]);
    return bool(`(NOT ${of.sql})`);
  }
  if (!['INT64', 'FLOAT64', 'NUMERIC'].includes(of.type.kind)) throw noSignature(`operator ${op}`, [of]);
  return { ...of, sql: op === '-' ? `(- ${of.sql})` : of.sql };
}

function compileBinary(op: string, left: Compiled, right: Compiled): Compiled {
  if (op === 'AND' || op === 'OR') {
    if (left.type.kind !== 'BOOL' || right.type.kind !== 'BOOL') throw noSignature(`operator ${op}`, [left, right]);
    return bool(`(${left.sql} ${op} ${right.sql})`);
  }
  if (['=', '<>', '<', '<=', '>', '>='].includes(op)) return compare(op, left, right);
  const type = commonType([left, right]);
  if (op === '||' && type && ['STRING', 'BYTES', 'ARRAY'].includes(type.kind)) {
    return { sql: `(${left.sql} || ${right.sql})`, type };
  }
  if (!type || !['INT64', 'FLOAT64', 'NUMERIC'].includes(type.kind) || (op === '/' && type.kind === 'NUMERIC')) {
    throw noSignature(`operator ${op}`, [left, right]);
  }
  const [a, b] = [coerced(left, type), coerced(right, type)];
  if (op === '/')
    return { sql: `CASE WHEN ${b} = 0 THEN error('division by zero') ELSE ${a} / ${b} END`, type: { kind: 'FLOAT64' } };
  return { sql: `CAST((${a} ${op} ${b}) AS ${duckType(type)})`, type };
}

function compileIn(
  of: Compiled,
  { items, negated }: Extract<Expression, { node: 'in' }>,
  compile: (e: Expression) => Compiled,
  scope: Scope,
  statement: Statement,
): Compiled {
  let sql: string;
  if (!Array.isArray(items)) {
    const array = compile(items.array);
    if (array.type.kind !== 'ARRAY' || !commonType([of, { sql: '', type: array.type.item }]))
      throw noSignature('operator IN UNNEST', [of, array]);
    sql = `list_contains(${array.sql}, ${coerced(of, array.type.item)})`;
  } else if (items.length === 1 && items[0]?.node === 'subquery' && !items[0].exists) {
    const inner = compileQuery(items[0].query, statement, scope);
    sql = `(${of.sql} IN (${inner.sql}))`;
  } else {
    sql = `(${items.map((item) => compare('=', of, compile(item)).sql).join(' OR ')})`;
  }
  return bool(negated ? `(NOT ${sql})` : sql);
}

function compileLike(of: Compiled, pattern: Compiled, negated: boolean): Compiled {
  if (of.type.kind !== 'STRING' || pattern.type.kind !== 'STRING') throw noSignature('operator LIKE', [of, pattern]);
  return bool(`(${of.sql} ${negated ? 'NOT ' : ''}LIKE ${pattern.sql} ESCAPE '\\')`);
}

function compileCase(
  expression: Extract<Expression, { node: 'case' }>,
  compile: (e: Expression) => Compiled,
): Compiled {
  const results = [
    ...expression.whens.map(([, then]) => compile(then)),
    ...(expression.otherwise ? [compile(expression.otherwise)] : []),
  ];
  const type = commonType(results);
  if (!type) throw noSignature('CASE', results);
  const whens = expression.whens.map(([when], i) => {
    const test = expression.of ? compare('=', compile(expression.of), compile(when)).sql : compile(when).sql;
    return `WHEN ${test} THEN ${coerced(results[i]!, type)}`;
  });
  const otherwise = expression.otherwise ? ` ELSE ${coerced(results.at(-1)!, type)}` : '';
  return { sql: `CASE ${whens.join(' ')}${otherwise} END`, type };
}

function compileCall(
  call: Extract<Expression, { node: 'call' }>,
  compile: (e: Expression) => Compiled,
  statement: Statement,
): Compiled {
  if (takesUnit(call.name)) return compileUnitFunction(call.name, call.args, compile);
  const star = call.args[0]?.node === 'star';
  const args = star ? [] : call.args.map(compile);
  const aggregate = aggregates[call.name];
  if (aggregate)
    return aggregate({ args, star, distinct: call.distinct, orderBy: orderByText(call.orderBy, compile) }, call.name);
  const fn = functions[call.name];
  if (!fn || star || call.distinct) throw invalidQuery(`Function not found: ${call.name}`);
  return fn(args, call.name, statement);
}

function orderByText(items: OrderItem[], compile: (e: Expression) => Compiled): string {
  if (items.length === 0) return '';
  return ` ORDER BY ${items.map((i) => `${compile(i.by).sql}${i.descending ? ' DESC' : ''}`).join(', ')}`;
}

function compileArray(items: Compiled[], declared: FieldType | undefined): Compiled {
  const type = declared?.kind === 'ARRAY' ? declared.item : commonType(items);
  if (!type) throw noSignature('ARRAY', items);
  const array: FieldType = { kind: 'ARRAY', item: type };
  return { sql: `CAST([${items.map((i) => coerced(i, type)).join(', ')}] AS ${duckType(array)})`, type: array };
}

function compileStruct(
  items: SelectExpression[],
  declared: FieldType | undefined,
  compile: (e: Expression) => Compiled,
): Compiled {
  const fields = items.map((item, i) => {
    const value = compile(item.expression);
    const field = declared?.kind === 'STRUCT' ? declared.fields[i] : undefined;
    const name =
      field?.name ??
      item.alias ??
      (item.expression.node === 'path' ? item.expression.parts.at(-1)! : `_field_${i + 1}`);
    return { name, type: field?.type ?? value.type, sql: field ? coerced(value, field.type) : value.sql };
  });
  return {
    sql: `{${fields.map((f) => `${ident(f.name)}: ${f.sql}`).join(', ')}}`,
    type: { kind: 'STRUCT', fields: fields.map(({ name, type }) => ({ name, type })) },
  };
}

function compileSubquery(
  expression: Extract<Expression, { node: 'subquery' }>,
  scope: Scope,
  statement: Statement,
): Compiled {
  const { sql, fields } = compileQuery(expression.query, statement, scope);
  if (expression.exists) return bool(`EXISTS (${sql})`);
  if (fields.length !== 1) throw invalidQuery('Scalar subquery cannot have more than one column');
  return { sql: `(${sql})`, type: fields[0]!.type };
}
