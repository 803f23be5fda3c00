/** Which types meet in a comparison or a choice, and how they get to one. Everything else is refused as the service does. */
import { type FieldType, isScalar, type ScalarKind, typeName } from '../model/field-types.ts';
import { trimmedDecimal } from '../model/printed-values.ts';
import { duckType } from '../model/storage-types.ts';
import { invalidQuery } from '../rest/service-error.ts';
import type { Compiled } from './compiled.ts';

const numbers: ScalarKind[] = ['INT64', 'NUMERIC', 'BIGNUMERIC', 'FLOAT64'];
const fromText: string[] = ['DATE', 'DATETIME', 'TIME', 'TIMESTAMP', 'BYTES'];

/** Both sides in one type; undefined when there is none. */
export function commonType(values: Compiled[]): FieldType | undefined {
  const fixed = values.filter((v) => !v.adapts && !v.isNull);
  const typed = fixed.length > 0 ? fixed : values.filter((v) => !v.isNull);
  if (typed.length === 0) return values[0]?.type;
  let type = typed[0]!.type;
  for (const next of typed.slice(1)) {
    const wider = widerType(type, next.type);
    if (!wider) return undefined;
    type = wider;
  }
  for (const value of values.filter((v) => v.adapts && !v.isNull)) {
    if (canAdapt(value.type, type)) continue;
    const wider = widerType(type, value.type);
    if (!wider) return undefined;
    type = wider;
  }
  return type;
}

function widerType(a: FieldType, b: FieldType): FieldType | undefined {
  if (a.kind === b.kind) return isScalar(a) && 'precision' in a ? { kind: a.kind } : a;
  const rank = (t: FieldType) => numbers.indexOf(t.kind as ScalarKind);
  if (rank(a) >= 0 && rank(b) >= 0) return rank(a) > rank(b) ? a : b;
  if ([a.kind, b.kind].sort().join() === 'DATE,DATETIME') return { kind: 'DATETIME' };
  return undefined;
}

function canAdapt(literal: FieldType, to: FieldType): boolean {
  if (literal.kind === to.kind) return true;
  if (literal.kind === 'STRING') return fromText.includes(to.kind);
  if (literal.kind === 'INT64') return numbers.includes(to.kind as ScalarKind);
  return literal.kind === 'FLOAT64' && (to.kind === 'NUMERIC' || to.kind === 'BIGNUMERIC');
}

/** The value in the type that was agreed on. */
export function coerced(value: Compiled, to: FieldType): string {
  if (value.isNull) return `CAST(NULL AS ${duckType(to)})`;
  if (value.type.kind === to.kind && to.kind !== 'NUMERIC') return value.sql;
  if (to.kind === 'BIGNUMERIC')
    return value.type.kind === 'NUMERIC' ? trimmedDecimal(value.sql) : `CAST(${value.sql} AS VARCHAR)`;
  return `CAST(${value.sql} AS ${duckType(to)})`;
}

/** The value as something DuckDB orders the way GoogleSQL does. */
export function orderable(sql: string, type: FieldType): string {
  if (type.kind === 'BIGNUMERIC') return `bignum_key(${sql})`;
  if (!isScalar(type) || ['JSON', 'GEOGRAPHY', 'INTERVAL'].includes(type.kind)) {
    throw invalidQuery(`Ordering by expressions of type ${typeName(type)} is not allowed`);
  }
  return sql;
}

/** Makes BIGNUMERIC, which lies as text, comparable: sign, 39 digits, 38 digits, negatives complemented. */
export const bignumKeyMacro = `CREATE OR REPLACE MACRO bignum_key(v) AS CASE WHEN starts_with(v, '-')
  THEN '0' || translate(lpad(split_part(substr(v, 2), '.', 1), 39, '0') || rpad(split_part(v, '.', 2), 38, '0'), '0123456789', '9876543210')
  ELSE '1' || lpad(split_part(v, '.', 1), 39, '0') || rpad(split_part(v, '.', 2), 38, '0') END`;

export function noSignature(what: string, args: Compiled[]): Error {
  const types = args.map((a) => typeName(a.type)).join(', ');
  return invalidQuery(`No matching signature for ${what} for argument types: ${types}`);
}
