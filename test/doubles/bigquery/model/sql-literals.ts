/** Values from JavaScript, written as DuckDB literals of a given GoogleSQL type. */
import type { FieldType } from './field-types.ts';
import { ident, text } from './quote.ts';
import { duckType } from './storage-types.ts';

/** What a test may hand in as a cell: the text BigQuery would print, or the obvious JavaScript value. */
export type CellValue =
  | null
  | undefined
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | Date
  | CellValue[]
  | { [name: string]: CellValue };

export function literal(value: CellValue, type: FieldType): string {
  if (value === null || value === undefined)
    return type.kind === 'ARRAY' ? `CAST([] AS ${duckType(type)})` : `CAST(NULL AS ${duckType(type)})`;
  if (type.kind === 'ARRAY') {
    const items = (value as CellValue[]).map((item) => literal(item, type.item));
    return `CAST([${items.join(', ')}] AS ${duckType(type)})`;
  }
  if (type.kind === 'STRUCT') {
    const record = value as { [name: string]: CellValue };
    return `{${type.fields.map((f) => `${ident(f.name)}: ${literal(record[f.name], f.type)}`).join(', ')}}`;
  }
  if (type.kind === 'RANGE') {
    const { start, end } = value as { start?: CellValue; end?: CellValue };
    return `{'start': ${literal(start, type.item)}, 'end': ${literal(end, type.item)}}`;
  }
  if (type.kind === 'BYTES') return bytesLiteral(value as Uint8Array | string);
  if (type.kind === 'BIGNUMERIC') return text(canonicalDecimal(String(value)));
  if (type.kind === 'JSON') return text(typeof value === 'string' ? value : JSON.stringify(value));
  if (value instanceof Date) return `CAST(${text(value.toISOString())} AS ${duckType(type)})`;
  return `CAST(${text(String(value))} AS ${duckType(type)})`;
}

/** Bytes come as bytes, or as base64 text like in REST. */
function bytesLiteral(value: Uint8Array | string): string {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.from(value);
  return `from_hex(${text(bytes.toString('hex'))})`;
}

/** A decimal without sign of zero, leading zeros, trailing zeros or exponent. */
export function canonicalDecimal(value: string): string {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(value.trim());
  if (!match || (match[2] === '' && !match[3])) throw new Error(`not a decimal: ${value}`);
  let digits = (match[2] ?? '') + (match[3] ?? '');
  let point = (match[2] ?? '').length + Number(match[4] ?? 0);
  if (point < 0) {
    digits = '0'.repeat(-point) + digits;
    point = 0;
  }
  digits = digits.padEnd(point, '0');
  const whole = digits.slice(0, point).replace(/^0+/, '') || '0';
  const fraction = digits.slice(point).replace(/0+$/, '');
  const plain = fraction ? `${whole}.${fraction}` : whole;
  return match[1] === '-' && plain !== '0' ? `-${plain}` : plain;
}
