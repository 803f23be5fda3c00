/** One record as lines of name and value. */
import { printable } from '../printable.ts';

export function fieldsText(record: object): string {
  const entries = Object.entries(record);
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${valueText(value)}\n`).join('');
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
