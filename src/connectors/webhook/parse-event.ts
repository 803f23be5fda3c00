/** Reads an event's JSON without losing a digit: a number that JavaScript would round comes back as its text. */
import { isUtf8 } from 'node:buffer';
import { AttacheError } from '../../errors/attache-error.ts';

/** A text, or a number of so many digits that rounding is possible. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]{15,}/g;

export function parseEvent(body: Buffer): Record<string, unknown> {
  if (!isUtf8(body)) throw new AttacheError('malformed', { message: 'The event is not UTF-8.' });
  const text = body.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (/\d[\d.eE+-]{15}/.test(text)) value = JSON.parse(text.replace(tokens, exact));
  } catch (cause) {
    throw new AttacheError('malformed', { message: 'The event is not JSON.', cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new AttacheError('malformed', { message: 'The event is not a JSON object.' });
}

function exact(token: string): string {
  return token.startsWith('"') || String(Number(token)) === token ? token : `"${token}"`;
}
