/** `/api/admin/sources/{name}/…` of sources that push: how far they are, what operators may ask of them, and what was kept aside. */
import { z } from 'zod';
import { defineRoute, type Route } from '../route.ts';
import { identity } from '../schemas/names.ts';
import type { ServerParts } from '../server-parts.ts';

const status = z
  .object({
    source: z.string(),
    door: z.object({
      accepted: z.int(),
      repeated: z.int().meta({ description: 'Deliveries that were stored already.' }),
      refused: z.int(),
      quarantined: z.int(),
      unavailable: z.int(),
    }),
    inbox_depth: z.int().meta({ description: 'Events stored since the start that are not applied yet.' }),
    lag_ms: z.number().meta({ description: 'Age of the oldest event that is stored and not visible yet.' }),
    failure: z.string().nullable().meta({ description: 'Why its process is not running, if it is not.' }),
    applier: z
      .object({
        lag_ms: z.number().meta({ description: 'Age of the oldest event that is applied and not visible yet.' }),
        waiting_bytes: z.number().meta({ description: 'Bytes of the inbox that are not applied yet.' }),
        last_visible_ms: z.number().nullable().meta({ description: 'From arrival to visible, for the last batch.' }),
        generation: z.int(),
        published_at: z.string().nullable(),
        events_applied: z.int(),
        bytes_received: z.number(),
        bytes_written: z.number().meta({ description: 'Bytes of parts published since the start.' }),
        quarantined: z.int(),
        misfits: z.int().meta({ description: 'Rows with a value that does not fit its promoted column.' }),
        last_reconcile: z.string().nullable(),
        damage: z.array(z.string()),
      })
      .nullable(),
  })
  .meta({ id: 'ReceiveStatus' });

const outcome = z
  .object({
    status: z.enum(['done', 'running']),
    report: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: 'ReceiveOutcome' });

const quarantined = z
  .object({
    id: z.string(),
    reason: z.string(),
    received_at: z.string(),
    name: z.string().nullable(),
    identifier: z.string().nullable(),
    bytes: z.int(),
    body: z.string().optional().meta({ description: 'Credentials in it are masked.' }),
  })
  .meta({ id: 'QuarantinedEvent' });

/** Longer work goes on; its outcome shows in the status. */
const patienceMs = 20_000;
const orders = [
  ['replay', 'Build the state anew from the kept events and say whether it came out the same'],
  ['reconcile', 'Look for changes that no event told of'],
  ['backfill', 'Bring everything the site holds'],
  ['find-deleted', 'Find out what was deleted without a word'],
] as const;

export function receiveRoutes({ pushed }: ServerParts): Route[] {
  const params = z.object({ name: identity });
  const one = z.object({ name: identity, id: z.string().max(80) });
  const base = '/api/admin/sources/{name}';
  return [
    defineRoute({
      method: 'GET',
      path: `${base}/receive`,
      summary: 'How far a source that pushes is: inbox, lag, quarantine',
      action: 'administer',
      params,
      answers: { 200: { description: 'Its facts', schema: status } },
      handle: ({ params: { name } }) => pushed.demand(name).status(),
    }),
    ...orders.map(([kind, summary]) =>
      defineRoute({
        method: 'POST',
        path: `${base}/${kind}`,
        summary,
        action: 'administer',
        params,
        body: z.strictObject({ force: z.boolean().default(false) }).prefault({}),
        answers: {
          200: { description: 'It is done', schema: outcome },
          202: { description: 'It goes on', schema: outcome },
        },
        handle: async ({ params: { name }, body: { force }, reply }) => {
          const report = await Promise.race([pushed.demand(name).order(kind, force), patience()]);
          if (report !== null) return { status: 'done' as const, report: { ...report } };
          reply.code(202);
          return { status: 'running' as const, report: null };
        },
      }),
    ),
    defineRoute({
      method: 'GET',
      path: `${base}/quarantine`,
      summary: 'Events kept aside, newest first',
      action: 'administer',
      params,
      answers: { 200: { description: 'At most 200', schema: z.object({ events: z.array(quarantined) }) } },
      handle: async ({ params: { name } }) => ({ events: (await pushed.demand(name).quarantined()).map(shown) }),
    }),
    defineRoute({
      method: 'GET',
      path: `${base}/quarantine/{id}`,
      summary: 'One event kept aside, with its body',
      action: 'administer',
      params: one,
      answers: { 200: { description: 'The event', schema: quarantined } },
      handle: async ({ params: { name, id } }) => shown(await pushed.demand(name).showQuarantined(id)),
    }),
    defineRoute({
      method: 'POST',
      path: `${base}/quarantine/{id}/release`,
      summary: 'Let an event pass that was kept aside',
      action: 'administer',
      params: one,
      answers: { 200: { description: 'Its place in the inbox', schema: z.object({ sequence: z.int() }) } },
      handle: async ({ params: { name, id } }) => ({ sequence: await pushed.demand(name).release(id) }),
    }),
  ];
}

function shown<Event extends { receivedAt: number }>({ receivedAt, ...event }: Event) {
  return { ...event, received_at: new Date(receivedAt).toISOString() };
}

function patience(): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), patienceMs).unref());
}
