/** SQL that makes a decimal of a text at the cost of an integer: DuckDB's own cast to a decimal of more than 18 digits takes two hundred times as long as one to fewer. Pure. */

/** Digits of a decimal that is kept in 64 bits. */
const shortDigits = 18;

/** The decimal that `text` stands for as far as it is short, else NULL; one of too many digits behind the point is rounded. */
export function shortDecimalOfText(text: string, precision: number, scale: number): string {
  const digits = Math.min(shortDigits, precision);
  return `TRY_CAST(nullif(${text}, '') AS DECIMAL(${digits},${Math.min(scale, digits)}))`;
}

/** The decimal that `text` stands for, exact where it has no more than `scale` digits behind the point, or NULL. Only for texts that are checked to be plain numbers; blank is none. */
export function decimalOfText(text: string, precision: number, scale: number): string {
  const type = `DECIMAL(${precision},${scale})`;
  const plain = `TRY_CAST(nullif(${text}, '') AS ${type})`;
  if (precision <= shortDigits) return plain;
  const short = scale < shortDigits ? [`CAST(${shortDecimalOfText(text, precision, scale)} AS ${type})`] : [];
  // 1.5 at scale 3 is 1500 thousandths; times one thousandth, which the engine keeps as the number 1, it gets its point back.
  const unit = `CAST('${scale === 0 ? '1' : `0.${'1'.padStart(scale, '0')}`}' AS DECIMAL(38,${scale}))`;
  const whole = `TRY_CAST(TRY_CAST(${digitsAt(text, scale)} AS HUGEINT) AS DECIMAL(38,0))`;
  return `coalesce(${[...short, `TRY_CAST(${whole} * ${unit} AS ${type})`, plain].join(', ')})`;
}

/** The digits without their point, as many behind it as `scale`; NULL where there are more. */
function digitsAt(text: string, scale: number): string {
  const zeros = `'${'0'.repeat(scale)}'`;
  const behind = `(length(${text}) - strpos(${text}, '.'))`;
  return `CASE WHEN strpos(${text}, '.') = 0 THEN nullif(${text}, '') || ${zeros} WHEN ${behind} BETWEEN 1 AND ${scale} THEN replace(${text}, '.', '') || repeat('0', ${scale} - ${behind}) END`;
}
