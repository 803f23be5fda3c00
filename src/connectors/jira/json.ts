/** Careful looks into JSON that somebody else wrote: nothing is trusted to be there or to be what it should be. */
import type { ReceivedValue } from '../receive-way.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** An own member: `toString` of a change item is Jira's, not JavaScript's. */
export function member(value: unknown, name: string): unknown {
  const object = asObject(value);
  return object !== null && Object.hasOwn(object, name) ? object[name] : undefined;
}

export function objectAt(value: unknown, name: string): JsonObject | null {
  return asObject(member(value, name));
}

export function textAt(value: unknown, name: string): string | null {
  const found = member(value, name);
  if (typeof found === 'string') return found;
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : null;
}

/** Ids are text here and numbers there. */
export function idAt(value: unknown, name = 'id'): string | null {
  const id = textAt(value, name);
  return id === null || id === '' || id.length > 200 ? null : id;
}

/** Also the text `"true"`, which recorded bodies hold. */
export function booleanAt(value: unknown, name: string): boolean | null {
  const found = member(value, name);
  if (found === true || found === 'true') return true;
  return found === false || found === 'false' ? false : null;
}

/** Also as text: which of the two a body holds differs by version of the site. */
export function numberAt(value: unknown, name: string): number | null {
  const told = member(value, name);
  const found = typeof told === 'string' && /^-?\d{1,15}(\.\d{1,9})?$/.test(told) ? Number(told) : told;
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}

export type Row = Record<string, ReceivedValue>;
