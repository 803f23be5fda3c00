/** What a zod schema found wrong, as faults with JSON pointers. */
import type { z } from 'zod';
import type { Fault } from '../errors/attache-error.ts';

export function faultsOf(error: z.ZodError, prefix = ''): Fault[] {
  return error.issues.flatMap((issue): Fault[] => {
    const pointer = prefix + issue.path.map((step) => `/${escapePointer(String(step))}`).join('');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        pointer: `${pointer}/${escapePointer(key)}`,
        message: 'There is no such field here.',
      }));
    }
    return [{ pointer, message: plainly(issue.message) }];
  });
}

const kinds: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** Zod's words for a value of the wrong type, in ours. */
function plainly(message: string): string {
  const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (expected === undefined || received === undefined) return message;
  if (received === 'undefined') return 'It is missing.';
  if (received === 'null') return 'It cannot be null.';
  return `It must be ${kinds[expected] ?? expected}.`;
}

function escapePointer(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}
