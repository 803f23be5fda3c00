/** `GET /api/health`: alive, and on request ready. Tells no names, paths or secrets, because anyone may ask. */
import { z } from 'zod';
import { AttacheError } from '../../errors/attache-error.ts';
import type { PushedSourceStatus } from '../../receive/pushed-source.ts';
import { listStates } from '../../system/sync-state.ts';
import { listTables } from '../../system/table-registry.ts';
import { probeWrite } from '../../system/write-probe.ts';
import { defineRoute, type Route } from '../route.ts';
import type { ServerParts } from '../server-parts.ts';

const readiness = z.object({
  tables: z.int(),
  failing: z.int().meta({ description: 'Tables whose last attempt failed.' }),
  never_synced: z.int(),
  last_attempt: z.string().nullable(),
  last_success: z.string().nullable(),
  open_jobs: z.int(),
  events: z
    .object({
      sources: z.int(),
      inbox_depth: z.int(),
      lag_ms: z.number(),
      quarantined: z.int(),
      failing: z.int(),
    })
    .meta({ description: 'Of all sources that push: what waits, the longest lag, what was kept aside.' }),
  scheduler_last_look: z.string().nullable().meta({ description: 'null: the scheduler is off or has not looked yet.' }),
});

const healthSchema = z
  .object({ status: z.literal('ok'), version: z.string(), uptime_s: z.int(), ready: readiness.optional() })
  .meta({ id: 'Health' });

const probeEveryMs = 1_000;

export function healthRoutes(parts: ServerParts): Route[] {
  const { version, state, sync, scheduler } = parts;
  // Anyone may ask for readiness, so nobody can make the disk busy by asking often.
  let probed: { at: number; outcome: Promise<z.infer<typeof readiness>> } | null = null;

  return [
    defineRoute({
      method: 'GET',
      path: '/api/health',
      summary: 'Whether the server is alive; with probe=ready, whether it can do its work, proven by a write',
      action: null,
      query: z.strictObject({ probe: z.enum(['live', 'ready']).default('live') }),
      answers: { 200: { description: 'It is', schema: healthSchema } },
      handle: async ({ query, reply }) => {
        reply.header('cache-control', 'no-store');
        const alive = { status: 'ok' as const, version, uptime_s: Math.floor(process.uptime()) };
        return query.probe === 'live' ? alive : { ...alive, ready: await proveReady() };
      },
    }),
  ];

  function proveReady(): Promise<z.infer<typeof readiness>> {
    const now = Date.now();
    if (probed === null || now - probed.at > probeEveryMs) probed = { at: now, outcome: proveNow() };
    return probed.outcome;
  }

  async function proveNow(): Promise<z.infer<typeof readiness>> {
    try {
      await state.write((session) => probeWrite(session, new Date().toISOString()));
      const tables = await state.read(listTables);
      const states = await state.read(listStates);
      const known = tables.flatMap((table) => states.get(table.id) ?? []);
      return {
        tables: tables.length,
        failing: known.filter((row) => row.status === 'failed').length,
        never_synced: tables.length - known.length,
        last_attempt: latest(known.map((row) => row.last_attempt)),
        last_success: latest(known.map((row) => row.last_success)),
        open_jobs: sync.queued,
        events: eventsOf(parts.pushed.list().map((source) => source.status())),
        scheduler_last_look: scheduler?.lastTick ?? null,
      };
    } catch (thrown) {
      parts.log.error({ err: thrown }, 'the write probe failed');
      throw new AttacheError('unavailable', {
        message: 'The server is alive but cannot write its state.',
        hint: 'See its log; check the free space of the data disk.',
        retryable: true,
        cause: thrown,
      });
    }
  }
}

function eventsOf(sources: readonly PushedSourceStatus[]): z.infer<typeof readiness>['events'] {
  return {
    sources: sources.length,
    inbox_depth: sources.reduce((sum, source) => sum + source.inbox_depth, 0),
    lag_ms: Math.max(0, ...sources.map((source) => source.lag_ms)),
    quarantined: sources.reduce((sum, source) => sum + (source.applier?.quarantined ?? 0), 0),
    failing: sources.filter((source) => source.failure !== null).length,
  };
}

function latest(instants: readonly (string | null)[]): string | null {
  return instants
    .filter((instant) => instant !== null)
    .reduce<string | null>((a, b) => (a === null || b > a ? b : a), null);
}
