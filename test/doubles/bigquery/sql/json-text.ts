/** TO_JSON_STRING: values as JSON text; integers and decimals that doubles cannot hold become text. */
import type { FieldType } from '../model/field-types.ts';
import { printed, trimmedDecimal } from '../model/printed-values.ts';
import { ident, text } from '../model/quote.ts';

export function jsonText(sql: string, type: FieldType, depth = 0): string {
  return `coalesce(${bareJson(sql, type, depth)}, 'null')`;
}

function bareJson(sql: string, type: FieldType, depth: number): string {
  switch (type.kind) {
    case 'JSON':
      return sql;
    case 'BOOL':
      return `CAST(${sql} AS VARCHAR)`;
    case 'INT64':
      return `CASE WHEN abs(CAST(${sql} AS HUGEINT)) <= 9007199254740992 THEN CAST(${sql} AS VARCHAR) ELSE '"' || CAST(${sql} AS VARCHAR) || '"' END`;
    case 'FLOAT64':
      return `CASE WHEN isnan(${sql}) THEN '"NaN"' WHEN isinf(${sql}) THEN CASE WHEN ${sql} > 0 THEN '"Infinity"' ELSE '"-Infinity"' END ELSE ${printed(sql, type)} END`;
    case 'NUMERIC':
      return quotedUnlessExact(trimmedDecimal(sql));
    case 'BIGNUMERIC':
      return quotedUnlessExact(sql);
    case 'BYTES':
      return `'"' || to_base64(${sql}) || '"'`;
    case 'DATETIME':
      return `'"' || replace(${printed(sql, type)}, ' ', 'T') || '"'`;
    case 'TIMESTAMP':
      return `'"' || replace(replace(${printed(sql, type)}, ' ', 'T'), '+00', 'Z') || '"'`;
    case 'ARRAY': {
      const item = `j${depth}`;
      return `'[' || coalesce(array_to_string(list_transform(${sql}, lambda ${item}: ${jsonText(item, type.item, depth + 1)}), ','), '') || ']'`;
    }
    case 'STRUCT': {
      const parts = type.fields.map(
        (f) => `${text(`${JSON.stringify(f.name)}:`)} || ${jsonText(`(${sql}).${ident(f.name)}`, f.type, depth)}`,
      );
      return `CASE WHEN ${sql} IS NULL THEN NULL ELSE '{' || ${parts.join(` || ',' || `) || "''"} || '}' END`;
    }
    case 'RANGE':
      return `CASE WHEN ${sql} IS NULL THEN NULL ELSE '{"start":' || ${jsonText(`(${sql})."start"`, type.item, depth)} || ',"end":' || ${jsonText(`(${sql})."end"`, type.item, depth)} || '}' END`;
    default:
      return `CAST(to_json(CAST(${sql} AS VARCHAR)) AS VARCHAR)`;
  }
}

function quotedUnlessExact(decimal: string): string {
  return `CASE WHEN length(replace(replace(${decimal}, '-', ''), '.', '')) <= 15 THEN ${decimal} ELSE '"' || ${decimal} || '"' END`;
}
