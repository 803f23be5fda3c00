/** How each GoogleSQL type lies in DuckDB. Types DuckDB has no exact match for lie there as canonical text. */
import type { FieldType } from './field-types.ts';
import { ident } from './quote.ts';

export function duckType(type: FieldType): string {
  switch (type.kind) {
    case 'INT64':
      return 'BIGINT';
    case 'FLOAT64':
      return 'DOUBLE';
    case 'BOOL':
      return 'BOOLEAN';
    case 'NUMERIC':
      return type.precision === undefined ? 'DECIMAL(38,9)' : `DECIMAL(${type.precision},${type.scale ?? 0})`;
    case 'BYTES':
      return 'BLOB';
    case 'DATE':
      return 'DATE';
    case 'DATETIME':
      return 'TIMESTAMP';
    case 'TIME':
      return 'TIME';
    case 'TIMESTAMP':
      return 'TIMESTAMPTZ';
    case 'STRING':
    case 'BIGNUMERIC':
    case 'JSON':
    case 'GEOGRAPHY':
    case 'INTERVAL':
      return 'VARCHAR';
    case 'ARRAY':
      return `${duckType(type.item)}[]`;
    case 'RANGE':
      return `STRUCT("start" ${duckType(type.item)}, "end" ${duckType(type.item)})`;
    case 'STRUCT':
      return `STRUCT(${type.fields.map((f) => `${ident(f.name)} ${duckType(f.type)}`).join(', ')})`;
  }
}
