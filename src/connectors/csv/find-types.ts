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
    { type: 'DOUBLE', fits: (x) => `(${number(x)} AND ${digits(x)} <= ${digitsOfDouble})` },
    { type: 'DATE', fits: matches('[0-9]{4}-[0-9]{2}-[0-9]{2}') },
    { type: 'TIMESTAMP', fits: () => 'true' },
    { type: 'TIMESTAMP WITH TIME ZONE', fits: () => 'true' },
    ...(date_format === null ? [] : [{ type: hasTime(date_format) ? 'TIMESTAMP' : 'DATE', fits: () => 'true' }]),
  ];
}

const markPattern = (decimal: string) => (decimal === ',' ? ',' : '\\.');
const plainNumber = (mark: string) => `-?(?:0|[1-9][0-9]*)(?:${mark}[0-9]+)?`;

/** SQL of one value: NULL where one of the column's values is no plain number, else its `NumberFacts`. */
function numberFacts(x: string, { decimal }: Contract, given: string): string {
  const mark = markPattern(decimal);
  const isPlain = `regexp_full_match(${x}, ${literal(plainNumber(mark))})`;
  const whole = `length(regexp_extract(${x}, '[0-9]+'))`;
  const behind = `length(regexp_extract(${x}, ${literal(`${mark}([0-9]+)$`)}, 1))`;
  const length = (of: string, which: 'min' | 'max', filter = '') =>
    `coalesce(${which}(${of}) ${filter || given}, 0)::INTEGER`;
  const some = given.replace(/\)$/, () => ` AND ${behind} > 0)`);
  return `CASE WHEN bool_and(${isPlain}) ${given} THEN {'whole': ${length(whole, 'max')}, 'shortest': ${length(behind, 'min', some)}, 'longest': ${length(behind, 'max')}} END`;
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
  const found: (string | null)[] = [];
  // A few hundred aggregates a statement; wide files take several.
  for (let from = 0; from < columns.length; from += 50) {
    const some = columns.slice(from, from + 50);
    const aggregates = some.flatMap((column, index) => {
      const x = identifier(column);
      const given = `FILTER (WHERE ${x} IS NOT NULL${nulls.replace('x', x)})`;
      return [
        `count(*) ${given} AS n${index}`,
        `${numberFacts(x, contract, given)} AS number${index}`,
        ...types.map(
          ({ type, fits }, at) =>
            `bool_and(${fits(x)} AND NOT (${textColumn(type, plain).misfit(x)})) ${given} AS t${index}_${at}`,
        ),
      ];
    });
    const row = await session.first<Record<string, unknown>>(`SELECT ${aggregates.join(', ')} FROM ${relation}`);
    for (const index of some.keys()) {
      if (row === undefined || Number(row[`n${index}`]) === 0) found.push(null);
      else {
        const facts = row[`number${index}`] as NumberFacts | null;
        const number = facts === null ? null : numberType(facts);
        found.push(number ?? types.find((_, at) => row[`t${index}_${at}`] === true)?.type ?? 'VARCHAR');
      }
    }
  }
  return found;
}

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
