/** `GET /api/admin/problems`: what the last look at the extracts could not take in. */
import { z } from 'zod';
import { AttacheError } from '../../errors/attache-error.ts';
import { defineRoute, type Route } from '../route.ts';
import type { ServerParts } from '../server-parts.ts';

const problemsSchema = z
  .object({
    generation: z.int(),
    stale: z
      .array(z.object({ source: z.string(), table: z.string().nullable(), reason: z.string() }))
      .meta({ description: 'What serves older data, or cannot serve any; table null: all of the source.' }),
    problems: z.array(
      z.object({
        source: z.string().meta({ description: 'The name of its folder in extracts, whatever it is.' }),
        table: z.string().nullable(),
        code: z.string(),
        message: z.string(),
      }),
    ),
  })
  .meta({ id: 'Problems' });

export function problemRoutes({ master }: ServerParts): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/admin/problems',
      summary: 'What of the extracts is stale, and every problem found in them',
      action: 'administer',
      answers: { 200: { description: 'As the last rebuild found it', schema: problemsSchema } },
      handle: async () => {
        await master.settled();
        if (master.report === null)
          throw new AttacheError('unavailable', {
            message: 'The extracts are still being looked at for the first time.',
            hint: 'Ask again in a moment.',
            retryable: true,
          });
        const { generation, stale, problems } = master.report;
        return { generation, stale, problems };
      },
    }),
  ];
}
