/** Table options as DuckDB predicates: literals are quoted, and DuckDB casts them to the column's type. */
import { identifier, literal } from './quote.ts';

type Scalar = string | number | boolean;

export interface Predicate {
  column: string;
  op: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le' | 'in' | 'not_in' | 'is_null' | 'is_not_null';
  value?: Scalar | Scalar[] | undefined;
}

const comparison = { eq: '=', ne: '<>', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/** SQL of one predicate. */
export function predicateSql({ column, op, value }: Predicate): string {
  const name = identifier(column);
  if (op === 'is_null') return `${name} IS NULL`;
  if (op === 'is_not_null') return `${name} IS NOT NULL`;
  const values = (Array.isArray(value) ? value : [value]).map((one) => literal(String(one)));
  if (op === 'in' || (op === 'eq' && values.length > 1)) return `${name} IN (${values.join(', ')})`;
  if (op === 'not_in' || (op === 'ne' && values.length > 1)) return `${name} NOT IN (${values.join(', ')})`;
  return `${name} ${comparison[op]} ${values[0]}`;
}

/** `WHERE …` of all predicates joined by AND, or nothing. */
export function whereSql(predicates: readonly string[]): string {
  return predicates.length === 0 ? '' : ` WHERE ${predicates.join(' AND ')}`;
}
