/** Finds, once, the type of each column of text from its values. Whatever could be more than a number or a date stays text. */
import { identifier, literal } from '../../duckdb/quote.ts';
import type { Session } from '../../duckdb/session.ts';
import { commonNumber, digitsOfDouble, type NumberFacts, numberType, settledNumber } from './number-types.ts';
import type { Contract } from './options.ts';
import { hasTime, textColumn } from './text-types.ts';

/** A code such as `007` or `+420` is text; so is an integer over 18 digits and a number with more digits than a double keeps. */
function candidates({ decimal, date_format }: Contract): { type: string; fits(x: string): string }[] {
  const mark = markPattern(decimal);
  const matches = (pattern: string) => (x: string) => `regexp_full_match(${x}, ${literal(pattern)})`;
  const digits = (x: string) => `length(regexp_replace(regexp_replace(${x}, '[eE].*$', ''), '[^0-9]', '', 'g'))`;
  const number = matches(`${plainNumber(mark)}(?:[eE][-+]?[0-9]{1,3})?`);
  return [
    { type: 'BOOLEAN', fits: (x) => `lower(${x}) IN ('true', 'false')` },
    { type: 'DOUBLE', fits: (x) => `CASE WHEN ${number(x)} THEN ${digits(x)} <= ${digitsOfDouble} ELSE false END` },
    { type: 'DATE', fits: matches('[0-9]{4}-[0-9]{2}-[0-9]{2}') },
    { type: 'TIMESTAMP', fits: () => 'true' },
    { type: 'TIMESTAMP WITH TIME ZONE', fits: () => 'true' },
    ...(date_format === null ? [] : [{ type: hasTime(date_format) ? 'TIMESTAMP' : 'DATE', fits: () => 'true' }]),
  ];
}

const markPattern = (decimal: string) => (decimal === ',' ? ',' : '\\.');
const plainNumber = (mark: string) => `-?(?:0|[1-9][0-9]*)(?:${mark}[0-9]+)?`;

/** SQL of an aggregate: NULL where one of the values is no plain number, else their `NumberFacts`. */
function numberFacts(x: string, { decimal }: Contract): string {
  const isPlain = `regexp_full_match(${x}, ${literal(plainNumber(markPattern(decimal)))})`;
  // Lengths that mean something where the value is a plain number.
  const point = `strpos(${x}, '${decimal}')`;
  const whole = `CASE WHEN ${point} > 0 THEN ${point} - 1 ELSE length(${x}) END - CASE WHEN starts_with(${x}, '-') THEN 1 ELSE 0 END`;
  const behind = `CASE WHEN ${point} > 0 THEN length(${x}) - ${point} ELSE 0 END`;
  const shortest = `coalesce(min(${behind}) FILTER (WHERE ${point} > 0), 0)`;
  return `CASE WHEN bool_and(${isPlain}) THEN {'whole': max(${whole})::INTEGER, 'shortest': ${shortest}::INTEGER, 'longest': max(${behind})::INTEGER} END`;
}

/** The type of each text column of `relation`, in order, numbers as `numberType` says them; null where every value is NULL. */
export async function findTypes(
  session: Session,
  relation: string,
  columns: readonly string[],
  contract: Contract,
): Promise<(string | null)[]> {
  const types = candidates(contract);
  const plain = { ...contract, null_values: [] };
  const nulls =
    contract.null_values.length === 0 ? '' : ` AND x NOT IN (${contract.null_values.map(literal).join(', ')})`;
  const fits = types.map(
    ({ type, fits }, at) =>
      `bool_and(CASE WHEN ${fits('x')} THEN NOT (${textColumn(type, plain).misfit('x')}) ELSE false END) AS t${at}`,
  );
  const found: (string | null)[] = columns.map(() => null);
  // The values of all columns below each other: aggregates for each column would take a minute to plan where there are thousands.
  for (let from = 0; from < columns.length; from += columnsAtOnce) {
    const some = columns.slice(from, from + columnsAtOnce).map(identifier);
    const values = `(SELECT unnest([${some.join(', ')}]) AS x, unnest(range(${some.length})) AS place FROM ${relation})`;
    const rows = await session.rows<Record<string, unknown>>(
      `SELECT place, ${numberFacts('x', contract)} AS number, ${fits.join(', ')} FROM ${values} WHERE x IS NOT NULL${nulls} GROUP BY place`,
    );
    for (const row of rows) {
      const facts = row.number as NumberFacts | null;
      const number = facts === null ? null : numberType(facts);
      found[from + Number(row.place)] = number ?? types.find((_, at) => row[`t${at}`] === true)?.type ?? 'VARCHAR';
    }
  }
  return found;
}

const columnsAtOnce = 1_000;

/** One type for values of both. */
export function commonType(one: string | null, other: string | null): string | null {
  if (one === null || other === null || one === other) return one ?? other;
  const number = commonNumber(one, other);
  if (number !== null) return number;
  const pair = [settledNumber(one), settledNumber(other)].sort();
  if (pair[0] === pair[1]) return pair[0] as string;
  if (pair.join(' ') === 'DATE TIMESTAMP') return 'TIMESTAMP';
  return 'VARCHAR';
}
