/** `POST /webhooks/{source}`: events pushed by a source. The answer comes when the event is safe on the disk. */
import { z } from 'zod';
import { AttacheError } from '../../errors/attache-error.ts';
import { defineRoute, type Route } from '../route.ts';
import { identity } from '../schemas/names.ts';
import type { ServerParts } from '../server-parts.ts';

export function webhookRoutes({ pushed }: ServerParts): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/webhooks/{source}',
      summary: 'An event pushed by a source: signed, of any content type, durable before the answer',
      action: null,
      params: z.object({ source: identity }),
      rawBody: (params) => demand(params.source).bodyLimit,
      answers: {
        200: { description: 'It is safe', schema: z.object({ sequence: z.int().meta({ description: 'Its place.' }) }) },
      },
      handle: async ({ params, request, body }) => {
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.join(', ') : (value ?? ''),
          ]),
        );
        const event = { headers, body: (body as Buffer | undefined) ?? Buffer.alloc(0), receivedAt: Date.now() };
        return { sequence: await demand(params.source).accept(event) };
      },
    }),
  ];

  /** A source that does not push is not told apart from one that is not there. */
  function demand(name: string) {
    const source = pushed.get(name);
    if (source !== null) return source;
    throw new AttacheError('not_found', { message: 'No source of that name takes events.' });
  }
}
