/** DuckDB expressions that print a value as GoogleSQL prints it. */
import type { FieldType } from './field-types.ts';

/** As CAST(x AS STRING) prints it. */
export function printed(sql: string, type: FieldType): string {
  switch (type.kind) {
    case 'FLOAT64':
      return `regexp_replace(CAST(${sql} AS VARCHAR), '\\.0$', '')`;
    case 'NUMERIC':
      return trimmedDecimal(sql);
    case 'BYTES':
      return `decode(${sql})`;
    case 'DATETIME':
      return `(strftime(${sql}, '%Y-%m-%d %H:%M:%S') || ${fraction(`epoch_us(${sql})`)})`;
    case 'TIMESTAMP':
      return `(strftime(${sql}, '%Y-%m-%d %H:%M:%S') || ${fraction(`epoch_us(${sql})`)} || '+00')`;
    case 'TIME':
      return `(left(CAST(${sql} AS VARCHAR), 8) || ${fraction(`epoch_us(${sql})`)})`;
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}

/** NUMERIC without trailing zeros. */
export function trimmedDecimal(sql: string): string {
  const text = `CAST(${sql} AS VARCHAR)`;
  return `CASE WHEN contains(${text}, '.') THEN rtrim(rtrim(${text}, '0'), '.') ELSE ${text} END`;
}

/** Nothing, three or six digits behind the point: as few as say everything. */
function fraction(micros: string): string {
  const part = `(((${micros} % 1000000) + 1000000) % 1000000)`;
  return `CASE WHEN ${part} = 0 THEN '' WHEN ${part} % 1000 = 0 THEN '.' || lpad(CAST(${part} // 1000 AS VARCHAR), 3, '0') ELSE '.' || lpad(CAST(${part} AS VARCHAR), 6, '0') END`;
}
