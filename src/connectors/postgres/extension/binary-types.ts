/**
 * The types whose binary form the extension reads into the very values that the native way makes of their text. Data, proven against a real server with edge values.
 *
 * Everything else comes through the extension as the server's text, and becomes a value by the same SQL as in the native way: unconstrained numeric would be a DOUBLE, an enum,
 * an array or a composite would have another type, a time with its zone or an interval would not survive Parquet.
 */

export interface BinaryRule {
  /** DuckDB type of the binary value; published as it is. */
  type: string;
  /** Postgres type to cast to, from a domain or itself. */
  castable: string;
  /** Postgres SQL, `$` the column: true for values that the extension would turn into others without a word. */
  unfit?: string;
  /** DuckDB SQL, `$` the value. */
  expression?: string;
}

/** The sign and payload of a NaN have no text, so both ways must end at the same bits. */
function oneNan(type: string): string {
  return `CASE WHEN isnan($) THEN CAST('nan' AS ${type}) ELSE $ END`;
}

/** Beyond microseconds in 64 bits the extension wraps around to a year before Christ. */
const beyondMicroseconds = "$ >= '294247-01-01' AND $ < 'infinity'";

/** By the name of the type in `pg_catalog`. */
export const binaryTypes: Record<string, BinaryRule> = {
  bool: { type: 'BOOLEAN', castable: 'bool' },
  int2: { type: 'SMALLINT', castable: 'int2' },
  int4: { type: 'INTEGER', castable: 'int4' },
  int8: { type: 'BIGINT', castable: 'int8' },
  float4: { type: 'FLOAT', castable: 'float4', expression: oneNan('FLOAT') },
  float8: { type: 'DOUBLE', castable: 'float8', expression: oneNan('DOUBLE') },
  text: { type: 'VARCHAR', castable: 'text' },
  varchar: { type: 'VARCHAR', castable: 'text' },
  bytea: { type: 'BLOB', castable: 'bytea' },
  date: { type: 'DATE', castable: 'date' },
  timestamp: { type: 'TIMESTAMP', castable: 'timestamp', unfit: beyondMicroseconds },
  timestamptz: { type: 'TIMESTAMP WITH TIME ZONE', castable: 'timestamptz', unfit: beyondMicroseconds },
  time: { type: 'TIME', castable: 'time' },
  uuid: { type: 'UUID', castable: 'uuid' },
};

/** numeric(precision, scale) as a decimal; NaN would become 0. */
export function binaryDecimal(precision: number, scale: number): BinaryRule {
  return {
    type: `DECIMAL(${precision},${scale})`,
    castable: `numeric(${precision},${scale})`,
    unfit: "$ = 'NaN'",
  };
}

/** Types whose cast to text is their output function, and quicker than asking for that by name. */
export const castToText: readonly string[] = ['json', 'jsonb', 'numeric', 'text', 'name', 'bpchar'];
