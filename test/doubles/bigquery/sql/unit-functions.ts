/** Functions that name a unit of time: TIMESTAMP_TRUNC(x, DAY), DATE_ADD(x, INTERVAL 1 DAY), EXTRACT(YEAR FROM x). */
import type { ScalarKind } from '../model/field-types.ts';
import { duckType } from '../model/storage-types.ts';
import { invalidQuery } from '../rest/service-error.ts';
import { noSignature } from './coerce.ts';
import type { Compiled } from './compiled.ts';
import type { Expression } from './tree.ts';

type Compile = (expression: Expression) => Compiled;

const units = [
  'MICROSECOND',
  'MILLISECOND',
  'SECOND',
  'MINUTE',
  'HOUR',
  'DAY',
  'WEEK',
  'ISOWEEK',
  'MONTH',
  'QUARTER',
  'YEAR',
];
const pattern = /^(DATE|DATETIME|TIMESTAMP|TIME)_(TRUNC|ADD|SUB|DIFF)$/;

export function takesUnit(name: string): boolean {
  return pattern.test(name);
}

export function compileUnitFunction(name: string, args: Expression[], compile: Compile): Compiled {
  const [, kind, verb] = pattern.exec(name) as unknown as [string, ScalarKind, string];
  const value = compile(args[0] ?? { node: 'star' });
  const adapted =
    value.type.kind !== kind && value.adapts
      ? { sql: `CAST(${value.sql} AS ${duckType({ kind })})`, type: { kind } }
      : value;
  if (adapted.type.kind !== kind) throw noSignature(`function ${name}`, [value]);
  if (verb === 'TRUNC') return truncate(adapted, kind, unitOf(args[1]));
  if (verb === 'DIFF') return difference(adapted, compile(args[1] ?? { node: 'star' }), unitOf(args[2]));
  const interval = args[1];
  if (interval?.node !== 'interval') throw invalidQuery(`Expected an INTERVAL in ${name}`);
  return shifted(adapted, kind, verb === 'ADD' ? '+' : '-', compile(interval.count), interval.unit);
}

export function compileExtract(part: string, value: Compiled): Compiled {
  if (part === 'DATE') return { sql: `CAST(${value.sql} AS DATE)`, type: { kind: 'DATE' } };
  const names: Record<string, string> = {
    DAYOFWEEK: `(dayofweek(${value.sql}) + 1)`,
    DAYOFYEAR: `dayofyear(${value.sql})`,
  };
  if (!names[part] && !units.includes(part)) throw invalidQuery(`A valid date part name is required but found ${part}`);
  return {
    sql: names[part] ?? `CAST(date_part('${part.toLowerCase()}', ${value.sql}) AS BIGINT)`,
    type: { kind: 'INT64' },
  };
}

function unitOf(arg: Expression | undefined): string {
  const unit = arg?.node === 'path' && arg.parts.length === 1 ? arg.parts[0]!.toUpperCase() : '';
  const monday =
    arg?.node === 'call' &&
    arg.name === 'WEEK' &&
    arg.args[0]?.node === 'path' &&
    arg.args[0].parts[0]?.toUpperCase() === 'MONDAY';
  if (monday) return 'ISOWEEK';
  if (!units.includes(unit)) throw invalidQuery('A valid date part name is required');
  return unit;
}

function truncate(value: Compiled, kind: ScalarKind, unit: string): Compiled {
  if (unit === 'WEEK')
    throw invalidQuery('WEEK without a weekday is not known to this double: name ISOWEEK or WEEK(MONDAY)');
  const name = unit === 'ISOWEEK' ? 'week' : unit.toLowerCase();
  return { sql: `CAST(date_trunc('${name}', ${value.sql}) AS ${duckType({ kind })})`, type: { kind } };
}

function difference(late: Compiled, early: Compiled, unit: string): Compiled {
  if (late.type.kind !== early.type.kind) throw noSignature('function DIFF', [late, early]);
  if (late.type.kind === 'TIMESTAMP') {
    const sizes: Record<string, number> = {
      MICROSECOND: 1,
      MILLISECOND: 1e3,
      SECOND: 1e6,
      MINUTE: 6e7,
      HOUR: 3.6e9,
      DAY: 8.64e10,
    };
    const size = sizes[unit];
    if (!size) throw invalidQuery(`TIMESTAMP_DIFF does not support the ${unit} date part`);
    return {
      sql: `CAST(trunc((epoch_us(${late.sql}) - epoch_us(${early.sql})) / ${size}) AS BIGINT)`,
      type: { kind: 'INT64' },
    };
  }
  return { sql: `date_diff('${unit.toLowerCase()}', ${early.sql}, ${late.sql})`, type: { kind: 'INT64' } };
}

function shifted(value: Compiled, kind: ScalarKind, sign: string, count: Compiled, unit: string): Compiled {
  if (count.type.kind !== 'INT64' || !units.includes(unit))
    throw invalidQuery(`Expected an INT64 count of a known unit, got ${unit}`);
  const step =
    unit === 'QUARTER' ? `to_months(CAST(3 * ${count.sql} AS INTEGER))` : `(${count.sql} * INTERVAL 1 ${unit})`;
  return { sql: `CAST(${value.sql} ${sign} ${step} AS ${duckType({ kind })})`, type: { kind } };
}
