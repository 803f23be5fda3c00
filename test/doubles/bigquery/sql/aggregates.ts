/** Aggregate functions. */
import { isScalar, typeName } from '../model/field-types.ts';
import { invalidQuery } from '../rest/service-error.ts';
import { noSignature, orderable } from './coerce.ts';
import type { Compiled } from './compiled.ts';

interface AggregateCall {
  args: Compiled[];
  star: boolean;
  distinct: boolean;
  orderBy: string;
}

type Aggregate = (call: AggregateCall, name: string) => Compiled;

const extreme =
  (fn: 'min' | 'max'): Aggregate =>
  ({ args }, name) => {
    const value = only(args, name);
    if (!isScalar(value.type))
      throw invalidQuery(`${name} is not defined for arguments of type ${typeName(value.type)}`);
    if (value.type.kind === 'BIGNUMERIC')
      return { sql: `arg_${fn}(${value.sql}, ${orderable(value.sql, value.type)})`, type: value.type };
    // One NaN makes the result NaN.
    if (value.type.kind === 'FLOAT64')
      return {
        sql: `CASE WHEN bool_or(isnan(${value.sql})) THEN CAST('NaN' AS DOUBLE) ELSE ${fn}(${value.sql}) END`,
        type: value.type,
      };
    return { sql: `${fn}(${orderable(value.sql, value.type)})`, type: value.type };
  };

export const aggregates: Record<string, Aggregate> = {
  COUNT: ({ args, star, distinct }, name) => {
    if (star) return { sql: 'count(*)', type: { kind: 'INT64' } };
    return { sql: `count(${distinct ? 'DISTINCT ' : ''}${only(args, name).sql})`, type: { kind: 'INT64' } };
  },
  COUNTIF: ({ args }, name) => {
    if (args[0]?.type.kind !== 'BOOL') throw noSignature(`aggregate function ${name}`, args);
    return { sql: `count(*) FILTER (WHERE ${args[0].sql})`, type: { kind: 'INT64' } };
  },
  APPROX_COUNT_DISTINCT: ({ args }, name) => ({
    sql: `count(DISTINCT ${only(args, name).sql})`,
    type: { kind: 'INT64' },
  }),
  MIN: extreme('min'),
  MAX: extreme('max'),
  ANY_VALUE: ({ args }, name) => ({ sql: `any_value(${only(args, name).sql})`, type: only(args, name).type }),
  LOGICAL_OR: ({ args }, name) => ({ sql: `bool_or(${only(args, name).sql})`, type: { kind: 'BOOL' } }),
  LOGICAL_AND: ({ args }, name) => ({ sql: `bool_and(${only(args, name).sql})`, type: { kind: 'BOOL' } }),
  SUM: ({ args, distinct }, name) => {
    const value = only(args, name);
    const sum = `sum(${distinct ? 'DISTINCT ' : ''}${value.sql})`;
    if (value.type.kind === 'INT64') return { sql: `CAST(${sum} AS BIGINT)`, type: { kind: 'INT64' } };
    if (value.type.kind === 'NUMERIC') return { sql: `CAST(${sum} AS DECIMAL(38,9))`, type: { kind: 'NUMERIC' } };
    if (value.type.kind === 'FLOAT64') return { sql: sum, type: value.type };
    throw noSignature(`aggregate function ${name}`, args);
  },
  AVG: ({ args }, name) => {
    const value = only(args, name);
    if (value.type.kind !== 'INT64' && value.type.kind !== 'FLOAT64')
      throw noSignature(`aggregate function ${name}`, args);
    return { sql: `avg(${value.sql})`, type: { kind: 'FLOAT64' } };
  },
  ARRAY_AGG: ({ args, orderBy }, name) => ({
    sql: `list(${only(args, name).sql}${orderBy})`,
    type: { kind: 'ARRAY', item: only(args, name).type },
  }),
  STRING_AGG: ({ args, orderBy }) => ({
    sql: `string_agg(${args[0]?.sql}, ${args[1]?.sql ?? "','"}${orderBy})`,
    type: { kind: 'STRING' },
  }),
};

function only(args: Compiled[], name: string): Compiled {
  if (args.length !== 1) throw noSignature(`aggregate function ${name}`, args);
  return args[0]!;
}
