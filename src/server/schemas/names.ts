/** Shapes that many routes share. */
import { z } from 'zod';
import { identityGrammar } from '../../contract/identity.ts';

/** A table id or source name in a path. */
export const identity = z.string().regex(identityGrammar);

export const jobId = z.string().regex(/^job_[0-9a-z]{10,40}$/);

export const errorRecord = z
  .object({
    code: z.string(),
    message: z.string(),
    hint: z.string().nullable(),
    retryable: z.boolean().optional(),
    faults: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Error' });

/** How much of a list to send, and from where on. */
export function page(defaultLimit: number, maximum: number, cursor: z.ZodString = identity) {
  return z.strictObject({
    limit: z.coerce.number().int().min(1).max(maximum).default(defaultLimit),
    cursor: cursor.optional().meta({ description: '`next_cursor` of the page before.' }),
  });
}
