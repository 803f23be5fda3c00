/** What a schema found, as faults for people: one for each key, with what was expected and how it is meant. */
import type { z } from 'zod';
import { closest } from '../errors/closest.ts';
import { innermost, shapeOf } from './schema-shape.ts';

export interface SettingFault {
  /** Keys from the schema's root to the fault. */
  path: readonly PropertyKey[];
  message: string;
}

/** Faults of one issue; `schema` is the one that found it, asked with `reportInput`. */
export function explainIssue(issue: z.core.$ZodIssue, schema: z.ZodType): SettingFault[] {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(shapeOf(schemaAt(schema, issue.path) ?? schema));
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownKey(key, known) }));
  }
  if (issue.code === 'invalid_key')
    return [{ path: issue.path, message: issue.issues.map((inner) => inner.message).join('; ') }];
  const message = issue.message
    .replace(/^Invalid input: /, '')
    .replace(/^expected (object|record)/, 'expected keys and values');
  if (issue.code !== 'invalid_type' || issue.input !== undefined) return [{ path: issue.path, message }];
  const expected = message.replace(/, received undefined$/, '');
  const meant = descriptionOf(schemaAt(schema, issue.path));
  return [{ path: issue.path, message: `missing: ${expected}${meant === null ? '' : ` (${meant})`}` }];
}

function unknownKey(key: string, known: string[]): string {
  const likely = closest(key, known);
  if (likely !== null) return `unknown key ${key}; did you mean ${likely}?`;
  return `unknown key ${key}${known.length === 0 ? '' : `; known are ${known.join(', ')}`}`;
}

/** The schema of what lies at `path`, or null where the schema does not say. */
function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | null {
  return path.reduce<z.ZodType | null>((found, key) => (found === null ? null : under(innermost(found), key)), schema);
}

function under(schema: z.ZodType, key: PropertyKey): z.ZodType | null {
  const { valueType } = schema.def as unknown as { valueType?: z.ZodType };
  return shapeOf(schema)[String(key)] ?? valueType ?? null;
}

function descriptionOf(schema: z.ZodType | null): string | null {
  const text = schema?.description ?? (schema === null ? undefined : innermost(schema).description);
  return text === undefined || text === '' ? null : text.replace(/\.$/, '');
}
