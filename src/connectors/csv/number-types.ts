/** What numbers in text need, until all files of a table have been looked at: `NUMBER(whole,scale)`, the most digits before the point and the digits behind it. Pure. */

/** A double keeps every number of so many digits, and only those. */
export const digitsOfDouble = 15;
const digitsOfBigint = 18;
/** Money and rates have a scale that stays; one digit behind the point is more often a measure written short. */
const [smallestScale, largestScale] = [2, 6];

export interface NumberFacts {
  /** Digits before the point, at most. */
  whole: number;
  /** Digits behind it in the values that have some, fewest and most; 0 where none has. */
  shortest: number;
  longest: number;
}

/** The type of plain numbers; null where they are not whole and have no scale in common. */
export function numberType({ whole, shortest, longest }: NumberFacts): string | null {
  if (longest === 0) return whole <= digitsOfBigint ? `NUMBER(${whole},0)` : null;
  const isFixed = shortest === longest && longest >= smallestScale && longest <= largestScale;
  return isFixed && whole + longest <= digitsOfDouble ? `NUMBER(${whole},${longest})` : null;
}

/** One type for numbers of both, which may be doubles too; null where one of them is no number of text. */
export function commonNumber(one: string, other: string): string | null {
  const [a, b] = [parse(one), parse(other)];
  if (a === null || b === null) {
    const number = a ?? b;
    if (number === null || ![one, other].includes('DOUBLE')) return null;
    return number.whole + number.scale <= digitsOfDouble ? 'DOUBLE' : 'VARCHAR';
  }
  const [whole, scale] = [Math.max(a.whole, b.whole), Math.max(a.scale, b.scale)];
  if (scale === 0) return `NUMBER(${whole},0)`;
  const isFixed = a.scale === b.scale || a.scale === 0 || b.scale === 0;
  if (isFixed && whole + scale <= digitsOfDouble) return `NUMBER(${whole},${scale})`;
  // An integer of more digits would be rounded.
  return [a, b].every((number) => number.whole + number.scale <= digitsOfDouble) ? 'DOUBLE' : 'VARCHAR';
}

/** The type that is fixed at last. Decimals get three and more digits of room before the point. */
export function settledNumber(type: string): string {
  const number = parse(type);
  if (number === null) return type;
  return number.scale === 0 ? 'BIGINT' : `DECIMAL(18,${number.scale})`;
}

function parse(type: string): { whole: number; scale: number } | null {
  const [, whole, scale] = /^NUMBER\((\d+),(\d+)\)$/.exec(type) ?? [];
  return whole === undefined ? null : { whole: Number(whole), scale: Number(scale) };
}
