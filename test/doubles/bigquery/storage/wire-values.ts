/** DuckDB expressions that bring a column to the shape its Arrow buffers are filled from: integers where Arrow has integers. */
import type { FieldType } from '../model/field-types.ts';
import { ident } from '../model/quote.ts';

export function wireValue(sql: string, type: FieldType, depth = 0): string {
  switch (type.kind) {
    case 'TIMESTAMP':
    case 'DATETIME':
    case 'TIME':
      return `epoch_us(${sql})`;
    case 'DATE':
      return `CAST(${sql} - DATE '1970-01-01' AS INTEGER)`;
    case 'ARRAY': {
      const item = `w${depth}`;
      return `coalesce(list_transform(${sql}, lambda ${item}: ${wireValue(item, type.item, depth + 1)}), [])`;
    }
    case 'STRUCT':
      return structOf(
        sql,
        type.fields.map((f): [string, FieldType] => [f.name, f.type]),
        depth,
      );
    case 'RANGE':
      return structOf(
        sql,
        [
          ['start', type.item],
          ['end', type.item],
        ],
        depth,
      );
    default:
      return sql;
  }
}

function structOf(sql: string, fields: [string, FieldType][], depth: number): string {
  const parts = fields.map(([name, type]) => `${ident(name)}: ${wireValue(`(${sql}).${ident(name)}`, type, depth)}`);
  return `CASE WHEN ${sql} IS NULL THEN NULL ELSE {${parts.join(', ')}} END`;
}
