/** `/api/catalog/tables`: which tables there are, what is in them and how fresh they are. */
import { z } from 'zod';
import { AttacheError } from '../../errors/attache-error.ts';
import type { CatalogueTable } from '../../orchestrator/shapes.ts';
import { tableHistory } from '../../system/sync-history.ts';
import { findState, listStates, type SyncState } from '../../system/sync-state.ts';
import { findTable, listTables, type RegisteredTable } from '../../system/table-registry.ts';
import { decide } from '../access.ts';
import { type Call, defineRoute, type Route } from '../route.ts';
import { errorRecord, identity, page } from '../schemas/names.ts';
import type { ServerParts } from '../server-parts.ts';

const tableSummary = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  source: z.string(),
  query_mode: z.enum(['local', 'remote']),
  registered: z.boolean().meta({ description: 'false: another program put it into the data folder.' }),
  live: z.boolean().meta({ description: 'Whether there is something to read now.' }),
  stale: z.string().nullable().meta({ description: 'Why older data is served, or null.' }),
  rows: z.number().nullable(),
  size_bytes: z.number().nullable(),
  updated: z.string().nullable().meta({ description: 'When the content was extracted.' }),
  status: z.enum(['pending', 'succeeded', 'unchanged', 'postponed', 'failed', 'cancelled']).nullable().meta({
    description: 'How the last attempt ended; pending: registered and never tried; null: not synced by this server.',
  }),
  last_attempt: z.string().nullable(),
  last_success: z.string().nullable(),
  error: errorRecord.nullable(),
});

const tableDetail = tableSummary.extend({
  columns: z.array(z.object({ name: z.string(), type: z.string() })).nullable(),
  primary_key: z.array(z.string()),
  hash: z.string().nullable(),
  parts: z.int(),
  schema_changes: z.array(z.string()),
  warnings: z.array(z.string()),
  history: z.array(
    z.object({
      job_id: z.string(),
      status: z.string(),
      started_at: z.string(),
      finished_at: z.string(),
      rows: z.number().nullable(),
      size_bytes: z.number().nullable(),
      rejected: z.number(),
      error: errorRecord.nullable(),
    }),
  ),
});

const listSchema = z
  .object({
    instance: z.string(),
    tables: z.array(tableSummary.meta({ id: 'TableSummary' })),
    count: z.int().meta({ description: 'Of all pages.' }),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'TableList' });

export function catalogueRoutes({ config, state, master }: ServerParts): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/catalog/tables',
      summary: 'Tables with their freshness, by id',
      action: 'read_catalogue',
      query: page(1_000, 5_000),
      answers: { 200: { description: 'One page', schema: listSchema } },
      handle: async ({ query, principal }) => {
        const [registered, states] = [await state.read(listTables), await state.read(listStates)];
        const byId = new Map(registered.map((table) => [table.id, table]));
        const live = (await master.settled()).tables;
        const ids = [...new Set([...byId.keys(), ...live.keys()])].filter((id) => readable(principal, id)).sort();
        const after = ids.filter((id) => query.cursor === undefined || id > query.cursor);
        const shown = after.slice(0, query.limit);
        return {
          instance: config.instance.name,
          tables: shown.map((id) => summary(id, byId.get(id) ?? null, live.get(id) ?? null, states.get(id) ?? null)),
          count: ids.length,
          next_cursor: after.length > shown.length ? (shown.at(-1) ?? null) : null,
        };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/catalog/tables/{id}',
      summary: 'One table: columns, freshness, what changed, its last attempts',
      action: 'read_table',
      table: 'id',
      params: z.object({ id: identity }),
      answers: { 200: { description: 'The table', schema: tableDetail.meta({ id: 'TableDetail' }) } },
      handle: async ({ params: { id } }) => {
        const registered = await state.read((session) => findTable(session, id));
        const live = (await master.settled()).tables.get(id) ?? null;
        if (registered === null && live === null) {
          throw new AttacheError('not_found', {
            message: `There is no table ${id}.`,
            hint: 'See GET /api/catalog/tables for what there is.',
          });
        }
        const attempt = await state.read((session) => findState(session, id));
        return {
          ...summary(id, registered, live, attempt),
          columns: live?.columns ?? null,
          primary_key: registered?.primary_key ?? [],
          hash: live?.hash ?? null,
          parts: live?.parts.length ?? 0,
          schema_changes: live?.schema_changes ?? [],
          warnings: attempt?.warnings ?? [],
          history: await state.read((session) => tableHistory(session, id, 10)),
        };
      },
    }),
  ];
}

function readable(principal: Call['principal'], id: string): boolean {
  return principal !== null && decide(principal, 'read_table', id).allowed;
}

function summary(
  id: string,
  registered: RegisteredTable | null,
  live: CatalogueTable | null,
  attempt: SyncState | null,
): z.infer<typeof tableSummary> {
  return {
    id,
    name: registered?.name ?? id,
    description: registered?.description ?? live?.description ?? null,
    source: live?.source ?? registered?.source_name ?? '',
    query_mode: live?.query_mode ?? registered?.query_mode ?? 'local',
    registered: registered !== null,
    live: live !== null && (live.query_mode === 'remote' || live.parts.length > 0),
    stale: live?.stale ?? null,
    rows: live?.rows ?? null,
    size_bytes: live?.size_bytes ?? null,
    updated: live?.updated ?? null,
    status: attempt?.status ?? (registered === null ? null : 'pending'),
    last_attempt: attempt?.last_attempt ?? null,
    last_success: attempt?.last_success ?? null,
    error: attempt?.error ?? null,
  };
}
