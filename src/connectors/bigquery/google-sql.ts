/** GoogleSQL text: the only place that turns names and values into it. */
import type { TableName } from './table-name.ts';

/** A column name in back-ticks. */
export function column(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** A table's path in back-ticks. */
export function tablePath({ project, dataset, table }: TableName): string {
  return column(`${project}.${dataset}.${table}`);
}

/** A text literal. */
export function text(value: string): string {
  const escaped = value.replace(/[\\'\n\r\0]/g, (character) => escapes[character]!);
  return `'${escaped}'`;
}

const escapes: Record<string, string> = { '\\': '\\\\', "'": "\\'", '\n': '\\n', '\r': '\\r', '\0': '\\0' };

/** A moment in microseconds since 1970 as a TIMESTAMP literal. */
export function timestamp(micros: bigint): string {
  return `TIMESTAMP ${text(isoMicros(micros))}`;
}

/** `2024-02-29T23:59:59.123456Z`. */
export function isoMicros(micros: bigint): string {
  const milliseconds = micros / 1000n;
  const rest = String(((micros % 1000n) + 1000n) % 1000n).padStart(3, '0');
  return `${new Date(Number(milliseconds)).toISOString().slice(0, -1)}${rest}Z`;
}
