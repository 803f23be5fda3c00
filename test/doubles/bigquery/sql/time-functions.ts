/** Functions of dates and times whose arguments are plain values; those that take a unit are in unit-functions. */
import type { FieldType, ScalarKind } from '../model/field-types.ts';
import { printed } from '../model/printed-values.ts';
import { duckType } from '../model/storage-types.ts';
import { noSignature } from './coerce.ts';
import type { Compiled, Statement } from './compiled.ts';

type TimeFunction = (args: Compiled[], name: string, statement: Statement) => Compiled;

const of = (kind: ScalarKind): FieldType => ({ kind });

/** DATE(x), DATETIME(x), TIMESTAMP(x), TIME(x): from text and from each other. */
function convertTo(kind: 'DATE' | 'DATETIME' | 'TIMESTAMP' | 'TIME'): TimeFunction {
  return (args, name) => {
    const [value, second, third] = args;
    if (kind === 'DATE' && args.length === 3)
      return { sql: `make_date(${value?.sql}, ${second?.sql}, ${third?.sql})`, type: of('DATE') };
    const known = ['STRING', 'DATE', 'DATETIME', 'TIMESTAMP'].includes(value?.type.kind ?? '');
    if (!value || args.length !== 1 || !known) throw noSignature(`function ${name}`, args);
    return { sql: `CAST(${value.sql} AS ${duckType(of(kind))})`, type: of(kind) };
  };
}

function current(kind: 'DATE' | 'DATETIME' | 'TIMESTAMP'): TimeFunction {
  return (_args, _name, statement) => {
    statement.deterministic = false;
    return { sql: `CAST(make_timestamptz(${statement.stamp}) AS ${duckType(of(kind))})`, type: of(kind) };
  };
}

function simple(from: ScalarKind, to: ScalarKind, print: (sql: string) => string): TimeFunction {
  return (args, name) => {
    if (args.length !== 1 || args[0]?.type.kind !== from) throw noSignature(`function ${name}`, args);
    return { sql: print(args[0].sql), type: of(to) };
  };
}

function format(kind: ScalarKind): TimeFunction {
  return (args, name) => {
    const [pattern, value] = args;
    if (pattern?.type.kind !== 'STRING' || value?.type.kind !== kind) throw noSignature(`function ${name}`, args);
    const known = pattern.sql
      .replaceAll('%F', '%Y-%m-%d')
      .replaceAll('%T', '%H:%M:%S')
      .replace(/%E[6*]S/g, '%S.%f');
    return { sql: `strftime(${value.sql}, ${known})`, type: of('STRING') };
  };
}

export const timeFunctions: Record<string, TimeFunction> = {
  DATE: convertTo('DATE'),
  DATETIME: convertTo('DATETIME'),
  TIMESTAMP: convertTo('TIMESTAMP'),
  TIME: convertTo('TIME'),
  CURRENT_DATE: current('DATE'),
  CURRENT_DATETIME: current('DATETIME'),
  CURRENT_TIMESTAMP: current('TIMESTAMP'),
  STRING: (args, name) => {
    if (args.length !== 1 || args[0]?.type.kind !== 'TIMESTAMP') throw noSignature(`function ${name}`, args);
    return { sql: printed(args[0].sql, args[0].type), type: of('STRING') };
  },
  TIMESTAMP_MICROS: simple('INT64', 'TIMESTAMP', (x) => `make_timestamptz(${x})`),
  TIMESTAMP_MILLIS: simple('INT64', 'TIMESTAMP', (x) => `make_timestamptz(${x} * 1000)`),
  TIMESTAMP_SECONDS: simple('INT64', 'TIMESTAMP', (x) => `make_timestamptz(${x} * 1000000)`),
  UNIX_MICROS: simple('TIMESTAMP', 'INT64', (x) => `epoch_us(${x})`),
  UNIX_MILLIS: simple('TIMESTAMP', 'INT64', (x) => `(epoch_us(${x}) // 1000)`),
  UNIX_SECONDS: simple('TIMESTAMP', 'INT64', (x) => `(epoch_us(${x}) // 1000000)`),
  UNIX_DATE: simple('DATE', 'INT64', (x) => `CAST(${x} - DATE '1970-01-01' AS BIGINT)`),
  FORMAT_DATE: format('DATE'),
  FORMAT_DATETIME: format('DATETIME'),
  FORMAT_TIMESTAMP: format('TIMESTAMP'),
};
