/** CAST and SAFE_CAST between the types that BigQuery lets meet. */
import { type FieldType, isScalar, typeName } from '../model/field-types.ts';
import { printed, trimmedDecimal } from '../model/printed-values.ts';
import { text } from '../model/quote.ts';
import { canonicalDecimal } from '../model/sql-literals.ts';
import { duckType } from '../model/storage-types.ts';
import { invalidQuery } from '../rest/service-error.ts';
import type { Compiled } from './compiled.ts';

const targets: Record<string, string[]> = {
  INT64: ['INT64', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC', 'BOOL', 'STRING'],
  FLOAT64: ['INT64', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC', 'STRING'],
  NUMERIC: ['INT64', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC', 'STRING'],
  BIGNUMERIC: ['INT64', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC', 'STRING'],
  BOOL: ['INT64', 'BOOL', 'STRING'],
  STRING: [
    'INT64',
    'FLOAT64',
    'NUMERIC',
    'BIGNUMERIC',
    'BOOL',
    'STRING',
    'BYTES',
    'DATE',
    'DATETIME',
    'TIME',
    'TIMESTAMP',
    'INTERVAL',
  ],
  BYTES: ['STRING', 'BYTES'],
  DATE: ['STRING', 'DATE', 'DATETIME', 'TIMESTAMP'],
  DATETIME: ['STRING', 'DATE', 'DATETIME', 'TIME', 'TIMESTAMP'],
  TIME: ['STRING', 'TIME'],
  TIMESTAMP: ['STRING', 'DATE', 'DATETIME', 'TIME', 'TIMESTAMP'],
  INTERVAL: ['STRING', 'INTERVAL'],
  RANGE: ['STRING'],
  JSON: ['JSON'],
  GEOGRAPHY: ['GEOGRAPHY'],
};

export function castTo(value: Compiled, to: FieldType, safe: boolean): Compiled {
  if (value.isNull) return { sql: `CAST(NULL AS ${duckType(to)})`, type: to };
  if (!isScalar(to) || !isScalar(value.type)) {
    if (value.type.kind === to.kind) return { sql: value.sql, type: to };
    throw refused(value.type, to);
  }
  if (!targets[value.type.kind]?.includes(to.kind)) throw refused(value.type, to);
  if (to.kind === 'STRING')
    return { sql: value.type.kind === 'STRING' ? value.sql : printed(value.sql, value.type), type: to };
  return { sql: convert(value, to, safe), type: to };
}

function convert(value: Compiled, to: FieldType, safe: boolean): string {
  const from = value.type.kind;
  const cast = safe ? 'TRY_CAST' : 'CAST';
  if (to.kind === 'BYTES') return from === 'BYTES' ? value.sql : `encode(${value.sql})`;
  if (to.kind === 'BIGNUMERIC') {
    if (from === 'NUMERIC') return trimmedDecimal(value.sql);
    const constant = /^'([^']*)'$/.exec(value.sql)?.[1];
    return constant === undefined ? `CAST(${value.sql} AS VARCHAR)` : text(canonicalDecimal(constant));
  }
  // GoogleSQL rounds halves away from zero, DuckDB's cast to even.
  if (to.kind === 'INT64' && from === 'FLOAT64') return `${cast}(round(${value.sql}) AS BIGINT)`;
  if (to.kind === 'INT64' && from === 'STRING') return integerText(value.sql, cast);
  return `${cast}(${value.sql} AS ${duckType(to)})`;
}

/** Text such as '1.5' is no INT64 here, though DuckDB would round it. */
function integerText(sql: string, cast: string): string {
  const bad = cast === 'TRY_CAST' ? 'NULL' : `error('Bad int64 value: ' || ${sql})`;
  return `CASE WHEN ${sql} IS NULL THEN NULL WHEN regexp_full_match(${sql}, '\\s*[+-]?[0-9]+\\s*') THEN ${cast}(${sql} AS BIGINT) ELSE ${bad} END`;
}

function refused(from: FieldType, to: FieldType): Error {
  return invalidQuery(`Invalid cast from ${typeName(from)} to ${typeName(to)}`);
}
