/** The functions the double knows, by name; any other is "Function not found", as in the service. */
import type { FieldType, ScalarKind } from '../model/field-types.ts';
import { text } from '../model/quote.ts';
import { coerced, commonType, noSignature, orderable } from './coerce.ts';
import type { Compiled, Statement } from './compiled.ts';
import { jsonText } from './json-text.ts';
import { timeFunctions } from './time-functions.ts';

export type Function = (args: Compiled[], name: string, statement: Statement) => Compiled;

const of = (kind: ScalarKind): FieldType => ({ kind });

/** A function whose arguments must have these kinds ('?' takes any), printed by a template. */
function fixed(
  kinds: (ScalarKind | '?')[],
  result: ScalarKind,
  print: (...sql: string[]) => string,
  optional = 0,
): Function {
  return (args, name) => {
    const fits = args.length <= kinds.length && args.length >= kinds.length - optional;
    const typed = fits && args.every((a, i) => a.isNull || kinds[i] === '?' || a.type.kind === kinds[i]);
    if (!typed) throw noSignature(`function ${name}`, args);
    return { sql: print(...args.map((a) => a.sql)), type: of(result) };
  };
}

/** Arguments of one common type; the result has it too. */
function alike(print: (...sql: string[]) => string): Function {
  return (args, name) => {
    const type = commonType(args);
    if (!type || args.length === 0) throw noSignature(`function ${name}`, args);
    return { sql: print(...args.map((a) => coerced(a, type))), type };
  };
}

function numeric(print: (sql: string, digits?: string) => string): Function {
  return (args, name) => {
    const [value, digits] = args;
    if (!value || !['INT64', 'NUMERIC', 'FLOAT64'].includes(value.type.kind))
      throw noSignature(`function ${name}`, args);
    const sql = print(value.sql, digits?.sql);
    const result = value.type.kind === 'INT64' && name !== 'ABS' && name !== 'SIGN' ? of('FLOAT64') : value.type;
    return { sql: value.type.kind === 'NUMERIC' ? `CAST(${sql} AS DECIMAL(38,9))` : sql, type: result };
  };
}

const bytesOrText: Function = (args, name) => {
  const [value] = args;
  if (value?.type.kind === 'STRING') return { sql: `length(${value.sql})`, type: of('INT64') };
  if (value?.type.kind === 'BYTES') return { sql: `octet_length(${value.sql})`, type: of('INT64') };
  throw noSignature(`function ${name}`, args);
};

const extreme =
  (pick: '<=' | '>='): Function =>
  (args, name) => {
    const both = alike((...sql) => sql.join('\n'))(args, name, undefined as never);
    const keys = args.map((a) => coerced(a, both.type));
    const best = keys.reduce(
      (a, b) => `CASE WHEN ${orderable(a, both.type)} ${pick} ${orderable(b, both.type)} THEN ${a} ELSE ${b} END`,
    );
    return {
      sql: `CASE WHEN ${keys.map((k) => `${k} IS NULL`).join(' OR ')} THEN NULL ELSE ${best} END`,
      type: both.type,
    };
  };

const plain: Record<string, Function> = {
  COALESCE: alike((...sql) => `coalesce(${sql.join(', ')})`),
  IFNULL: alike((...sql) => `coalesce(${sql.join(', ')})`),
  NULLIF: alike((a, b) => `nullif(${a}, ${b})`),
  IF: (args, name, statement) => {
    const [condition, ...rest] = args;
    if (condition?.type.kind !== 'BOOL' || rest.length !== 2) throw noSignature(`function ${name}`, args);
    return alike((a, b) => `CASE WHEN ${condition.sql} THEN ${a} ELSE ${b} END`)(rest, name, statement);
  },
  GREATEST: extreme('>='),
  LEAST: extreme('<='),
  ABS: numeric((x) => `abs(${x})`),
  SIGN: numeric((x) => `sign(${x})`),
  ROUND: numeric((x, n) => `round(${x}, CAST(${n ?? 0} AS INTEGER))`),
  TRUNC: numeric((x) => `trunc(${x})`),
  CEIL: numeric((x) => `ceil(${x})`),
  FLOOR: numeric((x) => `floor(${x})`),
  MOD: fixed(['INT64', 'INT64'], 'INT64', (a, b) => `(${a} % ${b})`),
  DIV: fixed(['INT64', 'INT64'], 'INT64', (a, b) => `CAST(trunc(CAST(${a} AS DOUBLE) / ${b}) AS BIGINT)`),
  IS_NAN: fixed(['FLOAT64'], 'BOOL', (x) => `isnan(${x})`),
  IS_INF: fixed(['FLOAT64'], 'BOOL', (x) => `isinf(${x})`),
  LENGTH: bytesOrText,
  CHAR_LENGTH: fixed(['STRING'], 'INT64', (x) => `length(${x})`),
  BYTE_LENGTH: (args) =>
    args[0]?.type.kind === 'BYTES'
      ? bytesOrText(args, 'BYTE_LENGTH', undefined as never)
      : { sql: `strlen(${args[0]?.sql})`, type: of('INT64') },
  LOWER: fixed(['STRING'], 'STRING', (x) => `lower(${x})`),
  UPPER: fixed(['STRING'], 'STRING', (x) => `upper(${x})`),
  TRIM: fixed(['STRING', 'STRING'], 'STRING', (x, c) => (c ? `trim(${x}, ${c})` : `trim(${x})`), 1),
  RTRIM: fixed(['STRING', 'STRING'], 'STRING', (x, c) => (c ? `rtrim(${x}, ${c})` : `rtrim(${x})`), 1),
  LTRIM: fixed(['STRING', 'STRING'], 'STRING', (x, c) => (c ? `ltrim(${x}, ${c})` : `ltrim(${x})`), 1),
  CONCAT: (args, name) => {
    if (args.some((a) => a.type.kind !== 'STRING')) throw noSignature(`function ${name}`, args);
    return { sql: `(${args.map((a) => a.sql).join(' || ')})`, type: of('STRING') };
  },
  SUBSTR: fixed(['STRING', 'INT64', 'INT64'], 'STRING', (...sql) => `substr(${sql.join(', ')})`, 1),
  STARTS_WITH: fixed(['STRING', 'STRING'], 'BOOL', (a, b) => `starts_with(${a}, ${b})`),
  ENDS_WITH: fixed(['STRING', 'STRING'], 'BOOL', (a, b) => `ends_with(${a}, ${b})`),
  STRPOS: fixed(['STRING', 'STRING'], 'INT64', (a, b) => `strpos(${a}, ${b})`),
  REPLACE: fixed(['STRING', 'STRING', 'STRING'], 'STRING', (a, b, c) => `replace(${a}, ${b}, ${c})`),
  REGEXP_CONTAINS: fixed(['STRING', 'STRING'], 'BOOL', (a, b) => `regexp_matches(${a}, ${b})`),
  REGEXP_EXTRACT: fixed(
    ['STRING', 'STRING'],
    'STRING',
    (a, b) => `nullif(regexp_extract(${a}, ${b}, CASE WHEN contains(${b}, '(') THEN 1 ELSE 0 END), '')`,
  ),
  REGEXP_REPLACE: fixed(['STRING', 'STRING', 'STRING'], 'STRING', (a, b, c) => `regexp_replace(${a}, ${b}, ${c}, 'g')`),
  SPLIT: fixed(['STRING', 'STRING'], 'STRING', (a, b) => `string_split(${a}, ${b ?? "','"})`, 1),
  TO_BASE64: fixed(['BYTES'], 'STRING', (x) => `to_base64(${x})`),
  FROM_BASE64: fixed(['STRING'], 'BYTES', (x) => `from_base64(${x})`),
  TO_HEX: fixed(['BYTES'], 'STRING', (x) => `lower(to_hex(${x}))`),
  FROM_HEX: fixed(['STRING'], 'BYTES', (x) => `from_hex(${x})`),
  TO_JSON_STRING: ([value, pretty], name, _) => {
    if (!value || pretty) throw noSignature(`function ${name}`, value ? [value] : []);
    return { sql: jsonText(value.sql, value.type), type: of('STRING') };
  },
  PARSE_JSON: fixed(['STRING'], 'JSON', (x) => `CAST(CAST(${x} AS JSON) AS VARCHAR)`),
  JSON_VALUE: fixed(['JSON', 'STRING'], 'STRING', (x, path) => `json_extract_string(${x}, ${path})`),
  ST_ASTEXT: fixed(['GEOGRAPHY'], 'STRING', (x) => x),
  ST_ASBINARY: fixed(['GEOGRAPHY'], 'BYTES', (x) => `CAST(ST_AsWKB(CAST(${x} AS GEOMETRY)) AS BLOB)`),
  ST_GEOGFROMTEXT: fixed(['STRING'], 'GEOGRAPHY', (x) => x),
  ARRAY_LENGTH: (args, name) => {
    if (args[0]?.type.kind !== 'ARRAY') throw noSignature(`function ${name}`, args);
    return { sql: `len(${args[0].sql})`, type: of('INT64') };
  },
  ARRAY_TO_STRING: (args, name) => {
    if (args[0]?.type.kind !== 'ARRAY' || args.length !== 2) throw noSignature(`function ${name}`, args);
    return { sql: `array_to_string(${args[0].sql}, ${args[1]?.sql})`, type: of('STRING') };
  },
  GENERATE_ARRAY: (args, name) => {
    if (args.length !== 2 || args.some((a) => a.type.kind !== 'INT64')) throw noSignature(`function ${name}`, args);
    return { sql: `generate_series(${args[0]?.sql}, ${args[1]?.sql})`, type: { kind: 'ARRAY', item: of('INT64') } };
  },
  RANGE_START: rangeBound('start'),
  RANGE_END: rangeBound('end'),
  SESSION_USER: (_args, _name, statement) => ({ sql: text(statement.identity), type: of('STRING') }),
};

function rangeBound(side: 'start' | 'end'): Function {
  return (args, name) => {
    const type = args[0]?.type;
    if (type?.kind !== 'RANGE') throw noSignature(`function ${name}`, args);
    return { sql: `(${args[0]?.sql})."${side}"`, type: type.item };
  };
}

plain.SPLIT = withType(plain.SPLIT!, { kind: 'ARRAY', item: of('STRING') });

function withType(fn: Function, type: FieldType): Function {
  return (...args) => ({ ...fn(...args), type });
}

export const functions: Record<string, Function> = { ...plain, ...timeFunctions };
