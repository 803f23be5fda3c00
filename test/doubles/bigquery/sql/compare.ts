/** Comparisons with GoogleSQL's rules: typed sides, and NaN equal to nothing. */
import { isScalar } from '../model/field-types.ts';
import { coerced, commonType, noSignature, orderable } from './coerce.ts';
import type { Compiled } from './compiled.ts';

export function compare(op: string, left: Compiled, right: Compiled): Compiled {
  const type = commonType([left, right]);
  const comparable = type && (isScalar(type) || (type.kind !== 'ARRAY' && (op === '=' || op === '<>')));
  if (!comparable || type.kind === 'JSON' || type.kind === 'GEOGRAPHY')
    throw noSignature(`operator ${op}`, [left, right]);
  const equality = op === '=' || op === '<>';
  const [a, b] = [left, right].map((v) => {
    const sql = coerced(v, type);
    return equality && type.kind !== 'BIGNUMERIC' ? sql : orderable(sql, type);
  }) as [string, string];
  if (type.kind !== 'FLOAT64') return bool(`(${a} ${op} ${b})`);
  if (op === '<>') return bool(`(${a} <> ${b} OR isnan(${a}) OR isnan(${b}))`);
  return bool(`(${a} ${op} ${b} AND NOT isnan(${a}) AND NOT isnan(${b}))`);
}

export function bool(sql: string): Compiled {
  return { sql, type: { kind: 'BOOL' } };
}
