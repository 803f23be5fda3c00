/** What each type of BigQuery becomes, and the SQL that reads it from REST’s text. Data and pure functions: the same for every path a table may come by. */
import { identifier, literal } from '../../duckdb/quote.ts';
import type { ColumnPlan } from '../read-way.ts';
import { type Field, type Kind, typeName } from './fields.ts';
import type { Options } from './options.ts';

/** Kinds without parts: the published type, and the value `x` of REST in it. */
const scalars: Record<
  Exclude<Kind, 'STRUCT' | 'RANGE' | 'NUMERIC' | 'BIGNUMERIC'>,
  { type: string; read: (x: string) => string }
> = {
  STRING: { type: 'VARCHAR', read: (x) => x },
  INT64: { type: 'BIGINT', read: (x) => `CAST(${x} AS BIGINT)` },
  FLOAT64: { type: 'DOUBLE', read: (x) => `CAST(${x} AS DOUBLE)` },
  BOOL: { type: 'BOOLEAN', read: (x) => `CAST(${x} AS BOOLEAN)` },
  BYTES: { type: 'BLOB', read: (x) => `from_base64(${x})` },
  DATE: { type: 'DATE', read: (x) => `CAST(${x} AS DATE)` },
  DATETIME: { type: 'TIMESTAMP', read: (x) => `CAST(${x} AS TIMESTAMP)` },
  TIME: { type: 'TIME', read: (x) => `CAST(${x} AS TIME)` },
  // The calls ask for whole microseconds since 1970: the seconds REST sends by itself are doubles.
  TIMESTAMP: { type: 'TIMESTAMP WITH TIME ZONE', read: (x) => `make_timestamptz(CAST(${x} AS BIGINT))` },
  JSON: { type: 'JSON', read: (x) => x },
  GEOGRAPHY: { type: 'VARCHAR', read: (x) => x },
  // Parquet’s interval knows only milliseconds.
  INTERVAL: { type: 'VARCHAR', read: (x) => x },
};

/** The published type of a field. */
export function duckType(field: Field, scale: number | null = null): string {
  const one = elementType(field, scale);
  return field.repeated ? `${one}[]` : one;
}

function elementType(field: Field, scale: number | null): string {
  switch (field.kind) {
    case 'STRUCT':
      return `STRUCT(${field.fields.map((inner) => `${identifier(inner.name)} ${duckType(inner)}`).join(', ')})`;
    case 'RANGE': {
      const bound = scalars[field.element as keyof typeof scalars].type;
      return `STRUCT("start" ${bound}, "end" ${bound})`;
    }
    case 'NUMERIC':
      return decimalType(field.precision ?? 38, field.scale ?? (field.precision === null ? 9 : 0));
    case 'BIGNUMERIC': {
      if (field.precision !== null && field.precision <= 38) return decimalType(field.precision, field.scale ?? 0);
      return scale === null || field.repeated ? 'VARCHAR' : decimalType(38, scale);
    }
    default:
      return scalars[field.kind].type;
  }
}

const decimalType = (precision: number, scale: number) => `DECIMAL(${precision},${scale})`;

/** The plan of a column whose raw value is `c{index}` of a relation of either path. */
export function columnPlan(field: Field, index: number, { bignumeric }: Options): ColumnPlan {
  const probed =
    field.kind === 'BIGNUMERIC' && !field.repeated && !isDeclared(field) ? (bignumeric?.[field.name] ?? null) : null;
  const type = duckType(field, probed);
  return {
    name: field.name,
    sourceType: typeName(field),
    wire: wireName(index),
    type,
    // BigQuery keeps no NULL array: it comes back empty by REST and may be NULL by Arrow.
    expression: field.repeated ? `coalesce(CAST($ AS ${type}), CAST([] AS ${type}))` : `CAST($ AS ${type})`,
    ...(probed === null ? {} : { lossy: doesNotFit(probed) }),
  };
}

/** BIGNUMERIC whose declaration says that 38 digits are enough. */
export function isDeclared({ precision }: Field): boolean {
  return precision !== null && precision <= 38;
}

/** True where a decimal text has more digits than DECIMAL(38, scale). */
function doesNotFit(scale: number): string {
  const fraction = scale === 0 ? '' : `(\\.[0-9]{1,${scale}})?`;
  const whole = scale === 38 ? '0?' : `[0-9]{1,${38 - scale}}`;
  return `NOT regexp_full_match($, ${literal(`-?${whole}${fraction}`)})`;
}

export const wireName = (index: number) => `c${index}`;

/** SQL for the raw value of a field, of what REST wrote as text `x`: a cell’s text, or the JSON of its parts. */
export function fromRest(field: Field, x: string, depth = 0): string {
  if (!field.repeated) return elementFromRest(field, x, depth);
  const item = `e${depth}`;
  const parts = `json_transform(${x}, '[{"v":"VARCHAR"}]')`;
  return `list_transform(${parts}, lambda ${item}: ${elementFromRest(field, `${item}.v`, depth + 1)})`;
}

function elementFromRest(field: Field, x: string, depth: number): string {
  switch (field.kind) {
    case 'STRUCT':
      return structFromRest(field, x, depth);
    case 'RANGE':
      return rangeFromRest(field, x);
    case 'NUMERIC':
      return decimalFromRest(x, elementType(field, null));
    case 'BIGNUMERIC':
      return isDeclared(field) ? decimalFromRest(x, elementType(field, null)) : x;
    default:
      return scalars[field.kind].read(x);
  }
}

/** DuckDB reads 18 digits twenty times as fast as 38, so most values take that way. The scale is the same, so nothing is rounded. */
function decimalFromRest(x: string, type: string): string {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (Number(precision) <= 18 || Number(scale) >= 18) return `CAST(${x} AS ${type})`;
  return `coalesce(CAST(TRY_CAST(${x} AS DECIMAL(18,${scale})) AS ${type}), CAST(${x} AS ${type}))`;
}

/** `{"f":[{"v":…},…]}`; the list of one gives the parsed value a name, so that it is parsed once. */
function structFromRest(field: Field, x: string, depth: number): string {
  const name = `s${depth}`;
  const parts = field.fields.map(
    (inner, index) => `${identifier(inner.name)} := ${fromRest(inner, `${name}.f[${index + 1}].v`, depth + 1)}`,
  );
  const value = `CASE WHEN ${name} IS NULL THEN NULL ELSE struct_pack(${parts.join(', ')}) END`;
  return `list_transform([json_transform(${x}, '{"f":[{"v":"VARCHAR"}]}')], lambda ${name}: ${value})[1]`;
}

/** `[start, end)`, where a missing bound is UNBOUNDED. */
function rangeFromRest(field: Field, x: string): string {
  const bound = (part: number) => {
    const text = `nullif(split_part(substr(${x}, 2, length(${x}) - 2), ', ', ${part}), 'UNBOUNDED')`;
    return scalars[field.element as keyof typeof scalars].read(text);
  };
  return `CASE WHEN ${x} IS NULL THEN NULL ELSE struct_pack("start" := ${bound(1)}, "end" := ${bound(2)}) END`;
}
