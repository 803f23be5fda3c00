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
    return [{ pointer, message: issue.message }];
  });
}

function escapePointer(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}
