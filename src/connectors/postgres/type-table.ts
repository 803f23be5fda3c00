/**
 * The type table: how a value of each Postgres type reaches DuckDB and what it becomes there. Data, proven against a real server with edge values.
 *
 * A value travels as the server's own text of it unless `wire` asks for another expression; `$` stands for the column there. `expression` and `lossy` are DuckDB SQL on that text.
 * Absent `expression`: a plain cast. What `lossy` names cannot be kept in the type; the run then keeps the whole column as text and says so.
 */

export interface TypeRule {
  /** DuckDB type. */
  type: string;
  /** Postgres SQL. */
  wire?: string;
  expression?: string;
  lossy?: string;
  /** The text may hold a backslash, a tab or a line end, which COPY escapes. */
  escaped?: boolean;
  /** The rule for elements of an array, which always travel as text; absent: this one. */
  element?: TypeRule;
}

const text: TypeRule = { type: 'VARCHAR', escaped: true };
/** Text that never needs an escape. */
const plain: TypeRule = { type: 'VARCHAR' };

/** DuckDB reads a year before Christ only with the mark behind the date and in brackets. */
const datesBeforeChrist = "regexp_replace($, '^([0-9]+-[0-9]+-[0-9]+)(.*) BC', '\\1 (BC)\\2')";

function dated(type: string): string {
  return `CASE WHEN ends_with($, 'BC') THEN CAST(${datesBeforeChrist} AS ${type}) ELSE CAST($ AS ${type}) END`;
}

/** Postgres goes on to the year 294276, microseconds in 64 bits end in January 294247. */
const beyondMicroseconds = "CASE WHEN $ BETWEEN '294247' AND '294277' THEN $[7] = '-' ELSE false END";

/** By the name of the type in `pg_catalog`. */
export const typeTable: Record<string, TypeRule> = {
  bool: { type: 'BOOLEAN' },
  int2: { type: 'SMALLINT' },
  int4: { type: 'INTEGER' },
  int8: { type: 'BIGINT' },
  oid: { type: 'UINTEGER' },
  xid: { type: 'UINTEGER' },
  cid: { type: 'UINTEGER' },
  xid8: { type: 'UBIGINT' },
  float4: { type: 'FLOAT' },
  float8: { type: 'DOUBLE' },
  // The text has a currency sign and separators of the server's locale.
  money: { type: 'DECIMAL(19,2)', wire: '$::numeric', lossy: "regexp_matches($, '\\.[0-9]{3}')", element: text },
  text,
  varchar: text,
  name: text,
  char: text,
  // Trailing blanks have no meaning in char(n).
  bpchar: { type: 'VARCHAR', expression: "rtrim($, ' ')", escaped: true },
  bytea: {
    type: 'BLOB',
    wire: "encode($, 'hex')",
    expression: 'unhex($)',
    element: { type: 'BLOB', expression: 'unhex(substr($, 3))' },
  },
  date: { type: 'DATE', expression: dated('DATE') },
  timestamp: { type: 'TIMESTAMP', expression: dated('TIMESTAMP'), lossy: beyondMicroseconds },
  timestamptz: { type: 'TIMESTAMP WITH TIME ZONE', expression: dated('TIMESTAMPTZ'), lossy: beyondMicroseconds },
  time: { type: 'TIME' },
  // Parquet keeps a time in UTC without its offset, and an interval in milliseconds: text keeps all of it.
  timetz: plain,
  interval: plain,
  uuid: { type: 'UUID' },
  jsonb: { type: 'JSON', escaped: true },
  // Unlike jsonb, json may hold what no strict reader accepts, such as half of a surrogate pair.
  json: { type: 'JSON', escaped: true, lossy: 'NOT json_valid($)' },
  xml: text,
  bit: plain,
  varbit: plain,
  inet: plain,
  cidr: plain,
  macaddr: plain,
  macaddr8: plain,
  pg_lsn: plain,
  tid: plain,
  point: plain,
  line: plain,
  lseg: plain,
  box: plain,
  path: plain,
  polygon: plain,
  circle: plain,
};

/** Types of well-known extensions, by name, whatever schema they live in. */
export const extensionTypes: Record<string, TypeRule> = {
  hstore: { type: 'JSON', wire: '$::json', escaped: true, element: text },
  // The text of a geometry is its extended WKB in hexadecimal.
  geometry: { type: 'BLOB', expression: 'unhex($)' },
  geography: { type: 'BLOB', expression: 'unhex($)' },
};

/** Text of anything else: enums, ranges, full-text vectors, types of other extensions. */
export const anyOther: TypeRule = text;

/** Rows and composite values, and arrays of them. */
export const composite: TypeRule = { type: 'JSON', wire: 'to_json($)', escaped: true };

const largestDecimal = 38;

/** numeric(precision, scale); NaN may stand in a column of any precision. */
export function decimalRule(precision: number, scale: number): TypeRule {
  if (scale < 0) return decimalRule(precision - scale, 0);
  const digits = Math.max(precision, scale);
  if (digits > largestDecimal) return plain;
  return { type: `DECIMAL(${digits},${scale})`, lossy: "$ = 'NaN'" };
}

/** numeric without a precision, whose values have at most `scale` digits behind the point so far and `whole` before it. */
export function openDecimalRule(whole: number, scale: number): TypeRule {
  if (whole + scale > largestDecimal) return plain;
  const type = `DECIMAL(${largestDecimal},${scale})`;
  // More digits would be rounded without a word, and a longer or infinite value does not fit.
  return {
    type,
    lossy: `CASE WHEN strpos($, '.') > 0 AND length($) - strpos($, '.') > ${scale} THEN true ELSE TRY_CAST($ AS ${type}) IS NULL AND $ IS NOT NULL END`,
  };
}

/** An array of scalars in `dimensions` dimensions. Elements travel as texts in JSON: bare JSON numbers would pass through a double. */
export function arrayRule(scalar: TypeRule, dimensions: number): TypeRule {
  if (scalar === composite) return composite;
  const element = scalar.element ?? scalar;
  const item = element.expression ?? `CAST($ AS ${element.type})`;
  const converted = item === 'CAST($ AS VARCHAR)' ? '' : item;
  const texts = `CAST(CAST($ AS JSON) AS VARCHAR${'[]'.repeat(dimensions)})`;
  const shape = '['.repeat(dimensions);
  const wrongShape = `($ <> '[]' AND (NOT starts_with($, '${shape}') OR starts_with($, '${shape}[')))`;
  const lossy = element.lossy
    ? `${wrongShape} OR len(list_filter(${flattened(texts, dimensions)}, lambda x: ${element.lossy.replaceAll('$', 'x')})) > 0`
    : wrongShape;
  return {
    type: `${element.type}${'[]'.repeat(dimensions)}`,
    wire: 'to_json($::text[])',
    expression: converted === '' ? texts : mapped(texts, converted, dimensions),
    lossy,
    escaped: true,
  };
}

function mapped(list: string, item: string, dimensions: number, depth = 0): string {
  const name = `x${depth}`;
  const inner = depth + 1 === dimensions ? item.replaceAll('$', name) : mapped(name, item, dimensions, depth + 1);
  return `list_transform(${list}, lambda ${name}: ${inner})`;
}

function flattened(list: string, dimensions: number): string {
  return dimensions === 1 ? list : flattened(`flatten(${list})`, dimensions - 1);
}
