/** Keeps the answers of a live run as fixtures, without anything that opens a door. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../facts-client.ts';

const secretField = /token$|secret|password|signature|credentials|SASConnectionString|authorization|AccessKeyId/i;

/** Secrets by name of the field, and query strings (which sign URLs) wherever they stand. */
function redact(value: unknown, field = ''): unknown {
  if (secretField.test(field) && value !== null) return 'REDACTED';
  if (Array.isArray(value)) return value.map((item) => redact(item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value as Json).map(([name, inner]) => [name, redact(inner, name)]));
  }
  return typeof value === 'string' && /^https?:\/\/[^?]+\?/.test(value) ? value.replace(/\?.*$/s, '?REDACTED') : value;
}

export function record(folder: string, title: string, answer: unknown): void {
  mkdirSync(folder, { recursive: true });
  const name = `${title.replace(/[^a-z0-9]+/gi, '-')}.json`;
  writeFileSync(join(folder, name), `${JSON.stringify(redact(answer), null, 2)}\n`);
}
