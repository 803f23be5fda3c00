/** DuckDB expressions for the logical bytes of a value, by BigQuery's published table of sizes. A NULL has none. */
import type { FieldType } from './field-types.ts';
import { ident } from './quote.ts';

export function byteSize(sql: string, type: FieldType, depth = 0): string {
  switch (type.kind) {
    case 'BOOL':
      return fixed(sql, 1);
    case 'INT64':
    case 'FLOAT64':
    case 'DATE':
    case 'DATETIME':
    case 'TIME':
    case 'TIMESTAMP':
      return fixed(sql, 8);
    case 'NUMERIC':
    case 'INTERVAL':
    case 'RANGE':
      return fixed(sql, 16);
    case 'BIGNUMERIC':
      return fixed(sql, 32);
    case 'STRING':
      return `coalesce(2 + strlen(${sql}), 0)`;
    case 'JSON':
      return `coalesce(strlen(${sql}), 0)`;
    case 'BYTES':
      return `coalesce(2 + octet_length(${sql}), 0)`;
    case 'GEOGRAPHY':
      return `coalesce(16 + 24 * (1 + length(${sql}) - length(replace(${sql}, ',', ''))), 0)`;
    case 'ARRAY': {
      const item = `b${depth}`;
      return `coalesce(list_sum(list_transform(${sql}, lambda ${item}: ${byteSize(item, type.item, depth + 1)})), 0)`;
    }
    case 'STRUCT': {
      const sizes = type.fields.map((f) => byteSize(`(${sql}).${ident(f.name)}`, f.type, depth));
      return sizes.length === 0 ? '0' : `(${sizes.join(' + ')})`;
    }
  }
}

function fixed(sql: string, bytes: number): string {
  return `CASE WHEN ${sql} IS NULL THEN 0 ELSE ${bytes} END`;
}
