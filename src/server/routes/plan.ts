/** `POST /api/sync/plan`: what a sync would read, without moving anything. */
import { z } from 'zod';
import { AttacheError, toErrorRecord } from '../../errors/attache-error.ts';
import { checkSince } from '../../sync/check-since.ts';
import { tableRequest } from '../../sync/table-request.ts';
import { listTables, type RegisteredTable } from '../../system/table-registry.ts';
import { askSource } from '../registry/settle-table.ts';
import { defineRoute, type Route } from '../route.ts';
import type { ServerParts } from '../server-parts.ts';

const planBody = z.strictObject({
  tables: z.array(z.string()).min(1).max(100).meta({ description: 'Table ids.' }),
  full: z.literal(true).optional().meta({ description: 'As if everything were read.' }),
  since: z.string().min(1).max(200).optional().meta({ description: 'As if read from this cursor value on.' }),
});

const plannedTable = z
  .object({
    id: z.string(),
    sync_strategy: z.string(),
    action: z.enum(['full', 'changes', 'unchanged', 'postponed', 'remote', 'failed']),
    reason: z.string().nullable(),
    range: z.unknown(),
    rows: z.number().nullable().meta({ description: 'Rows that would be read; null when the source cannot tell.' }),
    bytes: z.number().nullable().meta({ description: 'Bytes that would be read; null when the source cannot tell.' }),
    pieces: z.int(),
    published_rows: z.number().nullable(),
    published_bytes: z.number().nullable(),
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    schema_changes: z.array(z.string()),
    warnings: z.array(z.string()),
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
  })
  .meta({ id: 'PlannedTable' });

export function planRoutes(parts: ServerParts): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/sync/plan',
      summary: 'Say what a sync would read, what it would change and cost; moves nothing',
      action: 'administer',
      body: planBody,
      answers: {
        200: { description: 'One entry for each table', schema: z.object({ tables: z.array(plannedTable) }) },
      },
      handle: async ({ body }) => {
        const tables = await registered(parts, body.tables);
        if (body.since !== undefined) await checkSince(tables, body.tables, body.full);
        return { tables: await Promise.all(tables.map((table) => planned(parts, table, body))) };
      },
    }),
  ];
}

/** Unknown ids are told all at once. */
async function registered(parts: ServerParts, ids: readonly string[]): Promise<RegisteredTable[]> {
  const byId = new Map((await parts.state.read(listTables)).map((table) => [table.id, table]));
  const unknown = ids.filter((id) => !byId.has(id));
  if (unknown.length > 0) {
    throw new AttacheError('not_found', {
      message: `No table is registered as ${unknown.join(', ')}.`,
      hint: 'List them with GET /api/admin/registry or `da admin registry list`.',
    });
  }
  return [...new Set(ids)].map((id) => byId.get(id) as RegisteredTable);
}

/** A table whose plan fails says why; the others are planned all the same. */
async function planned(parts: ServerParts, table: RegisteredTable, asked: z.infer<typeof planBody>) {
  const { full, since } = asked;
  try {
    const source = parts.config.sources.get(table.source_name);
    if (source === undefined)
      throw new AttacheError('config_invalid', { message: `The source ${table.source_name} is not configured.` });
    const question = {
      kind: 'plan' as const,
      table: tableRequest(table),
      ...(full ? { full } : {}),
      ...(since ? { since } : {}),
    };
    return { ...(await askSource(parts, source, question)), error: null };
  } catch (thrown) {
    const { code, message, hint } = toErrorRecord(thrown);
    return {
      id: table.id,
      sync_strategy: table.sync_strategy,
      action: 'failed',
      reason: message,
      range: null,
      rows: null,
      bytes: null,
      pieces: 0,
      published_rows: null,
      published_bytes: null,
      columns: [],
      schema_changes: [],
      warnings: [],
      error: { code, message, hint },
    };
  }
}
