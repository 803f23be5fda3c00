/** DuckDB expressions that write a row the way REST does: {"f":[{"v":…}]}. Whole pages are rendered inside DuckDB. */
import type { Field, FieldType } from './field-types.ts';
import { printed, trimmedDecimal } from './printed-values.ts';
import { ident, text } from './quote.ts';

export type TimestampFormat = 'INT64' | 'FLOAT64' | 'ISO8601_STRING';

/** The JSON text of one row over the given relation alias. */
export function restRow(fields: Field[], alias: string, timestamps: TimestampFormat): string {
  if (fields.length === 0) return `'{"f":[]}'`;
  return recordJson(
    fields.map((f) => [`${alias}.${ident(f.name)}`, f.type]),
    timestamps,
    0,
  );
}

function recordJson(cells: [string, FieldType][], timestamps: TimestampFormat, depth: number): string {
  const parts = cells.map(([sql, type]) => `'{"v":' || ${valueJson(sql, type, timestamps, depth)} || '}'`);
  // One call for all of them: thousands of `||` are too deep for DuckDB's parser.
  return `concat('{"f":[', ${parts.join(`, ',', `)}, ']}')`;
}

function valueJson(sql: string, type: FieldType, timestamps: TimestampFormat, depth: number): string {
  if (type.kind === 'ARRAY') {
    const item = `i${depth}`;
    const cell = `'{"v":' || ${valueJson(item, type.item, timestamps, depth + 1)} || '}'`;
    // BigQuery stores no NULL arrays: they come back empty.
    return `('[' || coalesce(array_to_string(list_transform(${sql}, lambda ${item}: ${cell}), ','), '') || ']')`;
  }
  if (type.kind === 'STRUCT') {
    const cells = type.fields.map((f): [string, FieldType] => [`(${sql}).${ident(f.name)}`, f.type]);
    return `CASE WHEN ${sql} IS NULL THEN 'null' ELSE ${recordJson(cells, timestamps, depth)} END`;
  }
  return `coalesce(${quotedText(sql, type, timestamps)}, 'null')`;
}

function quotedText(sql: string, type: FieldType, timestamps: TimestampFormat): string {
  switch (type.kind) {
    case 'STRING':
    case 'JSON':
    case 'GEOGRAPHY':
      return `CAST(to_json(${sql}) AS VARCHAR)`;
    default:
      return `('"' || ${cellText(sql, type, timestamps)} || '"')`;
  }
}

function cellText(sql: string, type: FieldType, timestamps: TimestampFormat): string {
  switch (type.kind) {
    case 'FLOAT64':
      return floatText(sql);
    case 'NUMERIC':
      return trimmedDecimal(sql);
    case 'BYTES':
      return `to_base64(${sql})`;
    case 'DATETIME':
      return `replace(${printedMicros(`CAST(${sql} AS VARCHAR)`)}, ' ', 'T')`;
    case 'TIME':
      return printedMicros(`CAST(${sql} AS VARCHAR)`);
    case 'TIMESTAMP':
      return timestampText(sql, timestamps);
    case 'RANGE':
      return `('[' || ${bound(sql, 'start', type.item, timestamps)} || ', ' || ${bound(sql, 'end', type.item, timestamps)} || ')')`;
    default:
      return printed(sql, type);
  }
}

function bound(sql: string, side: string, type: FieldType, timestamps: TimestampFormat): string {
  // The concatenation with the struct itself keeps a NULL range NULL instead of "[UNBOUNDED, UNBOUNDED)".
  return `CASE WHEN ${sql} IS NULL THEN NULL ELSE coalesce(${cellText(`(${sql}).${ident(side)}`, type, timestamps)}, 'UNBOUNDED') END`;
}

/** DuckDB cuts trailing zeros of a fraction; REST always writes six digits when there are any. */
function printedMicros(sql: string): string {
  return `CASE WHEN contains(${sql}, '.') THEN rpad(${sql}, CAST(position('.' IN ${sql}) + 6 AS INTEGER), '0') ELSE ${sql} END`;
}

function floatText(sql: string): string {
  return `CASE WHEN isnan(${sql}) THEN 'NaN' WHEN isinf(${sql}) THEN CASE WHEN ${sql} > 0 THEN 'Infinity' ELSE '-Infinity' END ELSE upper(replace(CAST(${sql} AS VARCHAR), 'e+', 'e')) END`;
}

function timestampText(sql: string, format: TimestampFormat): string {
  if (format === 'INT64') return `CAST(epoch_us(${sql}) AS VARCHAR)`;
  if (format === 'FLOAT64') return floatText(`(epoch_us(${sql}) / 1e6)`);
  return `(strftime(${sql}, ${text('%Y-%m-%dT%H:%M:%S.%f')}) || 'Z')`;
}
