/**
 * The type table: what a value's text becomes for each declared type. Data, proven against edge values.
 *
 * `$` is the text. A blank in anything but text means that there is no value. What `lossy` names cannot be kept in the type: the column is then widened, at last to text.
 */
import type { ColumnPlan } from '../../read-way.ts';
import { decimalOfText, shortDecimalOfText } from './decimal-of-text.ts';
import type { DeclaredType } from './declared-types.ts';

export type TypeRule = Pick<ColumnPlan, 'type' | 'expression' | 'lossy' | 'wider'>;

const text: TypeRule = { type: 'VARCHAR', expression: '$' };
const present = "nullif($, '')";

/**
 * Text that is not of the form, or is and still does not fit. Patterns cost more than all the rest of a load, so they are asked only about texts that differ from
 * how DuckDB would write the value; `same` compares the two.
 */
function rule(
  type: string,
  form: string,
  {
    value = present,
    expression = `CAST(${value} AS ${type})`,
    tried = `TRY_${expression}`,
    same = 'CAST(@ AS VARCHAR) = $',
    refused = `${tried} IS NULL`,
  }: { value?: string; expression?: string; tried?: string; same?: string; refused?: string } = {},
): TypeRule {
  const isSame = `coalesce(${same.replace('@', () => tried)}, false)`;
  return {
    type,
    expression,
    lossy: `$ <> '' AND NOT ${isSame} AND (NOT regexp_full_match($, '${form}') OR ${refused})`,
  };
}

/** Whole numbers have one way to be written: leading zeros and a plus are part of a code. */
const asBigint = 'CAST(TRY_CAST($ AS BIGINT) AS VARCHAR)';
const integer: TypeRule = {
  type: 'BIGINT',
  expression: `CAST(${present} AS BIGINT)`,
  lossy: `$ <> '' AND ${asBigint} IS DISTINCT FROM $`,
  wider: rule('DECIMAL(38,0)', '-?[1-9][0-9]*', { ...exactly(38, 0), same: `${asBigint} = $` }),
};

/** The decimal of a text both as the value and as the trial. */
function exactly(precision: number, scale: number): { expression: string; tried: string } {
  const decimal = decimalOfText('$', precision, scale);
  return { expression: decimal, tried: decimal };
}

/** Zeros behind the point are no loss: `1.5` is written `1.500000000`. */
const beginsTheSame = 'starts_with(CAST(@ AS VARCHAR), $)';
const asDouble = `TRY_CAST(${present} AS DOUBLE)`;
const float = rule(
  'DOUBLE',
  '[-+]?(([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?|[nN][aA][nN]|[iI][nN][fF]([iI][nN][iI][tT][yY])?)',
  // DuckDB takes a number that is too large for infinity.
  { same: beginsTheSame, refused: `coalesce(isinf(${asDouble}) AND regexp_matches($, '[0-9]'), ${asDouble} IS NULL)` },
);
/** DuckDB knows exactly the words that stand for a truth: true, t, yes, y and 1, and their opposites. */
const boolean: TypeRule = {
  type: 'BOOLEAN',
  expression: `CAST(${present} AS BOOLEAN)`,
  lossy: "$ <> '' AND TRY_CAST($ AS BOOLEAN) IS NULL",
};
const dateForm = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const timeForm = '[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?';
const date = rule('DATE', dateForm);
const time = rule('TIME', timeForm, { value: cutToMicroseconds(present, '15') });
const moment = `${dateForm}[ T]${timeForm}`;
const timestamp = rule('TIMESTAMP', moment, { value: cutToMicroseconds(present, '26') });
const zone = '( ?(Z|UTC|[-+][0-9]{2}(:?[0-9]{2})?))';
const zoned = `CASE WHEN length($) > 19 THEN ${withColonZone(cutToMicroseconds('$', '26'))} ELSE ${present} END`;
const instant = rule('TIMESTAMP WITH TIME ZONE', `${moment}${zone}`, { value: zoned });
/** An instant whose text is in UTC and need not say so. */
const instantInUtc = rule('TIMESTAMP WITH TIME ZONE', `${moment}${zone}?`, {
  value: zoned,
  same: "CAST(@ AS VARCHAR) = $ || '+00'",
});
/** The service writes the local time without its offset; should it once write it, nothing is lost either. */
const localTime: TypeRule = { ...timestamp, wider: instant };

/** DuckDB would round the seventh digit, which stands only in texts longer than `length`. */
function cutToMicroseconds(value: string, length: string): string {
  return `CASE WHEN length($) > ${length} THEN regexp_replace(${value}, '([.][0-9]{6})[0-9]+', '\\1') ELSE ${value} END`;
}

/** `+0100` and ` UTC` in the forms DuckDB reads. No anchor in the patterns: `$` is the column. */
function withColonZone(value: string): string {
  return `regexp_replace(regexp_replace(${value}, ' ?(UTC|Z)', '+00'), ' ?([-+][0-9]{2}):?([0-9]{2})', '\\1:\\2')`;
}

function decimal(precision: number, scale: number): TypeRule {
  if (precision > 38 || scale > precision) return text;
  // Zeros behind the last digit that is kept are no loss.
  const form =
    scale === 0 ? '-?(0|[1-9][0-9]*)([.]0*)?' : `-?((0|[1-9][0-9]*)([.][0-9]{0,${scale}}0*)?|[.][0-9]{1,${scale}}0*)`;
  return rule(`DECIMAL(${precision},${scale})`, form, {
    ...exactly(precision, scale),
    // A long decimal costs more to write than to check by its form.
    same: `starts_with(CAST(${shortDecimalOfText('$', precision, scale)} AS VARCHAR), $)`,
  });
}

const simple: Record<string, TypeRule> = {
  INTEGER: integer,
  INT: integer,
  INT64: integer,
  BIGINT: integer,
  SMALLINT: integer,
  TINYINT: integer,
  BYTEINT: integer,
  FLOAT: float,
  FLOAT4: float,
  FLOAT8: float,
  FLOAT64: float,
  DOUBLE: float,
  'DOUBLE PRECISION': float,
  REAL: float,
  BOOLEAN: boolean,
  BOOL: boolean,
  DATE: date,
  TIME: time,
  DATETIME: timestamp,
  TIMESTAMP_NTZ: timestamp,
  TIMESTAMPNTZ: timestamp,
};

const decimals = new Set(['NUMBER', 'NUMERIC', 'DECIMAL', 'BIGNUMERIC', 'BIGDECIMAL']);

/** The rule of a declared type on a backend; text for what has none. */
export function ruleOf(declared: DeclaredType | null, backend: string | null): TypeRule {
  if (declared === null) return text;
  const { name, length, isClaim, base } = declared;
  if (decimals.has(name)) return numberRule(declared, backend);
  switch (name) {
    case 'TIMESTAMP_LTZ':
      return instantInUtc;
    case 'TIMESTAMP_TZ':
      return localTime;
    case 'TIMESTAMP':
      // BigQuery's is an instant, Snowflake's default and Keboola's base type are local times.
      return backend === 'bigquery' && !declared.isClaim ? instantInUtc : localTime;
    default:
      return simple[name] ?? (base === undefined ? text : ruleOf({ name: base, length, isClaim }, backend));
  }
}

function numberRule({ name, length, isClaim }: DeclaredType, backend: string | null): TypeRule {
  const [, precision, , scale] = /^\s*(\d+)\s*(,\s*(\d+))?\s*$/.exec(length ?? '') ?? [];
  if (precision === undefined) {
    if (name === 'BIGNUMERIC' || name === 'BIGDECIMAL') return text;
    // Each service's own default; Keboola's base type NUMERIC is declared with 38,9 as well.
    return backend === 'snowflake' && name !== 'NUMERIC' && !isClaim ? integer : decimal(38, 9);
  }
  const digits = Number(scale ?? 0);
  return digits === 0 && Number(precision) <= 38 ? integer : decimal(Number(precision), digits);
}

/** A column whose instants the service writes without their offsets. */
export function losesOffset(declared: DeclaredType | null): boolean {
  return declared?.name === 'TIMESTAMP_TZ';
}

/** A column that a Parquet export of Snowflake refuses. */
export function isZoned(declared: DeclaredType | null): boolean {
  return declared?.name === 'TIMESTAMP_TZ' || declared?.name === 'TIMESTAMP_LTZ';
}
