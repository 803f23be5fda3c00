/** How text becomes a typed value, and when it does not. DuckDB's own casts are generous (`1.5` becomes 2 as BIGINT), so each type has a shape that must fit first. */
import { literal } from '../../duckdb/quote.ts';
import { badRequest } from './file-fault.ts';
import type { Contract } from './options.ts';

interface TextType {
  /** Predicate on `x`: the text has the form of the type. Absent where the cast itself takes no other. */
  shape?(x: string): string;
  /** The form is nothing but this set of characters; then the texts of several columns can be looked at together. */
  characters?: string;
  /** What must hold as well where only the characters have been looked at. */
  besides?(x: string): string;
  /** Value of a text that has the form. Raises where the value does not exist, e.g. a 31st of June. */
  cast(x: string): string;
  /** The same, NULL where the value does not exist. */
  tryCast(x: string): string;
}

/** What stops a strict scan. */
const misfitMark = 'da_misfit';

const integers = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT']);

const aliases = new Map([
  ['TEXT', 'VARCHAR'],
  ['STRING', 'VARCHAR'],
  ['INT', 'INTEGER'],
  ['INT8', 'BIGINT'],
  ['LONG', 'BIGINT'],
  ['BOOL', 'BOOLEAN'],
  ['REAL', 'FLOAT'],
  ['FLOAT8', 'DOUBLE'],
  ['DATETIME', 'TIMESTAMP'],
  ['TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE'],
]);

const known = [
  'VARCHAR',
  'BOOLEAN',
  ...integers,
  'DECIMAL(p,s)',
  'FLOAT',
  'DOUBLE',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMPTZ',
  'UUID',
  'JSON',
];

/** The type's one spelling, or an error that lists the types text can become. */
export function canonicalType(type: string): string {
  const upper = type.trim().toUpperCase().replace(/\s+/g, ' ');
  const name = aliases.get(upper) ?? upper;
  if (known.includes(name) || name === 'TIMESTAMP WITH TIME ZONE') return name;
  const decimal = /^(?:DECIMAL|NUMERIC)(?:\((\d+)(?: ?, ?(\d+))?\))?$/.exec(name);
  const [precision, scale] =
    decimal === null ? [0, 0] : [Number(decimal[1] ?? 18), Number(decimal[2] ?? (decimal[1] === undefined ? 3 : 0))];
  if (precision >= 1 && precision <= 38 && scale <= precision) return `DECIMAL(${precision},${scale})`;
  throw badRequest(
    '/options/types',
    `${JSON.stringify(type)} is not a type that text can become.`,
    `Choose one of: ${known.join(', ')}.`,
  );
}

type Reading = Pick<Contract, 'decimal' | 'date_format' | 'null_values'>;

/** SQL for a text column `x` of the given type, with the contract's decimal mark, date format and null values. */
export function textColumn(type: string, contract: Reading): { lenient(x: string): string; misfit(x: string): string } {
  const found = textType(type, contract);
  if (found === null) return { lenient: (x) => x, misfit: () => 'false' };
  const isNull = nullTest(contract);
  return {
    lenient: (x) => `CASE WHEN ${isNull(x)} THEN NULL WHEN ${shapeOf(found, x)} THEN ${found.tryCast(x)} END`,
    // A CASE casts only what has the form; casts that fail are slow.
    misfit: (x) =>
      `CASE WHEN ${isNull(x)} THEN false WHEN ${shapeOf(found, x)} THEN ${found.tryCast(x)} IS NULL ELSE true END`,
  };
}

/** SQL of typed values for one fast scan, and a condition that stops the scan where a text lacks the form of its type. */
export function strictColumns(
  columns: readonly { type: string; x: string }[],
  contract: Reading,
): { values: string[]; guard: string } {
  const isNull = nullTest(contract);
  const together = new Map<string, string[]>();
  const bad: string[] = [];
  const values = columns.map(({ type, x }) => {
    const found = textType(type, contract);
    if (found === null) return x;
    const text = contract.null_values.length === 0 ? x : `CASE WHEN ${isNull(x)} THEN NULL ELSE ${x} END`;
    const { characters } = found;
    // A NULL makes the test NULL, which stops nothing.
    if (characters === undefined) {
      if (found.shape !== undefined) bad.push(`NOT ${found.shape(text)}`);
    } else together.set(characters, [...(together.get(characters) ?? []), text]);
    if (found.besides !== undefined) bad.push(`NOT ${found.besides(text)}`);
    return found.cast(text);
  });
  // One look at the texts of all columns costs half of a look at each, and where it is held to both ends half of a search.
  if (together.size > 0) {
    const text = [...together.values()].map((texts) => texts.join(', ')).join(", '|', ");
    const pattern = [...together.keys()].map((characters) => `[${characters}]*`).join('\\|');
    bad.push(`NOT regexp_full_match(concat(${text}), ${literal(pattern)})`);
  }
  const guard =
    bad.length === 0 ? 'true' : `CASE WHEN ${bad.join(' OR ')} THEN error(${literal(misfitMark)}) ELSE true END`;
  return { values, guard };
}

const shapeOf = ({ shape }: TextType, x: string) => (shape === undefined ? 'true' : shape(x));

function nullTest({ null_values }: Reading): (x: string) => string {
  if (null_values.length === 0) return (x) => `${x} IS NULL`;
  return (x) => `(${x} IS NULL OR ${x} IN (${null_values.map(literal).join(', ')}))`;
}

function textType(type: string, { decimal, date_format }: Pick<Contract, 'decimal' | 'date_format'>): TextType | null {
  if (type === 'VARCHAR') return null;
  const matches = (pattern: string) => (x: string) => `regexp_full_match(${x}, ${literal(pattern)})`;
  const casts = (text: (x: string) => string = (x) => x) => ({
    cast: (x: string) => `CAST(${text(x)} AS ${type})`,
    tryCast: (x: string) => `TRY_CAST(${text(x)} AS ${type})`,
  });
  // The cast refuses what a set of characters lets through, such as 1-2.
  if (integers.has(type)) return { ...only('-+0-9'), ...casts() };
  const mark = decimal === ',' ? ',' : '\\.';
  const withPoint = (x: string) => (decimal === ',' ? `replace(${x}, ',', '.')` : x);
  const exact = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  if (exact !== null) {
    const [, precision, scale] = exact.map(Number) as [number, number, number];
    return {
      shape: matches(`[-+]?0*[0-9]{0,${precision - scale}}(?:${mark}[0-9]{0,${scale}}0*)?`),
      characters: `-+0-9${decimal}`,
      // The cast rounds what is longer; of what is longer by zeros the careful reading knows.
      besides: (x) => `(strpos(${x}, '${decimal}') = 0 OR length(${x}) - strpos(${x}, '${decimal}') <= ${scale})`,
      ...casts(withPoint),
    };
  }
  if (type === 'DOUBLE' || type === 'FLOAT') {
    return { ...only(`-+0-9${decimal}eE`), ...casts(withPoint) };
  }
  // DuckDB's cast takes t, f, true, false, yes, no, y, n, 1 and 0 in any case, and nothing else.
  if (type === 'BOOLEAN') return casts();
  const dated = dateType(type, date_format);
  if (dated !== null) return dated;
  const time = '[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,6})?)?';
  if (type === 'TIME') return { shape: matches(time), ...casts() };
  if (type === 'TIMESTAMP WITH TIME ZONE')
    return { shape: matches(`[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]${time} ?(?:Z|[-+][0-9]{2}(?::?[0-9]{2})?)`), ...casts() };
  if (type === 'UUID') return { shape: matches('[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'), ...casts() };
  if (type === 'JSON') return { shape: (x) => `json_valid(${x})`, ...casts() };
  throw badRequest(
    '/options/types',
    `${JSON.stringify(type)} is not a type that text can become.`,
    `Choose one of: ${known.join(', ')}.`,
  );
}

/** A shape of characters alone. */
const only = (characters: string) => ({
  characters,
  shape: (x: string) => `regexp_full_match(${x}, ${literal(`[${characters}]*`)})`,
});

const isoDate = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const isoTime = '[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,6})?)?';

/** Dates and timestamps: ISO 8601, or the one format people gave. */
function dateType(type: string, format: string | null): TextType | null {
  if (type !== 'DATE' && type !== 'TIMESTAMP') return null;
  // The usual form is a LIKE, three times as fast as a regular expression; the comparison keeps blanks and signs out. What it lets through, such as a blank after a day of one digit, still is that day.
  const usual = (x: string) =>
    `(${x} LIKE ${literal(type === 'DATE' ? '____-__-__' : '____-__-_____:__:__')} AND ${x} >= '0')`;
  const rare = (x: string) => `regexp_full_match(${x}, ${literal(`${isoDate}(?:[ T]${isoTime})?`)})`;
  // A CASE, because of an OR DuckDB works out both sides for every row.
  const iso = (x: string) => (type === 'DATE' ? usual(x) : `(CASE WHEN ${usual(x)} THEN true ELSE ${rare(x)} END)`);
  if (format === null || hasTime(format) !== (type === 'TIMESTAMP')) {
    return { shape: iso, cast: (x) => `CAST(${x} AS ${type})`, tryCast: (x) => `TRY_CAST(${x} AS ${type})` };
  }
  const parsed = (x: string) => `CAST(try_strptime(${x}, ${literal(format)}) AS ${type})`;
  const value = (x: string) => `CASE WHEN ${iso(x)} THEN TRY_CAST(${x} AS ${type}) ELSE ${parsed(x)} END`;
  return { shape: (x) => `(${value(x)}) IS NOT NULL`, cast: (x) => `(${value(x)})`, tryCast: (x) => `(${value(x)})` };
}

/** Whether a date format names a time of day. */
export function hasTime(format: string): boolean {
  return /%[HIMSpfcX]/.test(format);
}
