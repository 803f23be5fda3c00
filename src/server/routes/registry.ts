/** `/api/admin/registry`: which tables exist. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AttacheError } from '../../errors/attache-error.ts';
import type { CatalogueTable } from '../../orchestrator/shapes.ts';
import { findState, listStates, type SyncState } from '../../system/sync-state.ts';
import { findTable, insertTable, listTables, type RegisteredTable, updateTable } from '../../system/table-registry.ts';
import { faultsOf } from '../faults.ts';
import { matchesStrongly } from '../files/etag.ts';
import { applyChange, touchesSource } from '../registry/apply-change.ts';
import { checkTable } from '../registry/check-table.ts';
import { newTable, registryRow, settledRow, tableChange } from '../registry/registration.ts';
import { removeTable } from '../registry/remove-table.ts';
import { settleTable } from '../registry/settle-table.ts';
import { type Call, defineRoute, type Route } from '../route.ts';
import { identity, page } from '../schemas/names.ts';
import type { ServerParts } from '../server-parts.ts';

export function registryRoutes(parts: ServerParts): Route[] {
  const { state, config, master } = parts;
  const params = z.object({ id: identity });
  return [
    defineRoute({
      method: 'GET',
      path: '/api/admin/registry',
      summary: 'Registered tables by id',
      action: 'administer',
      query: page(1_000, 5_000),
      answers: {
        200: {
          description: 'One page',
          schema: z.object({ tables: z.array(registryRow), count: z.int(), next_cursor: z.string().nullable() }),
        },
      },
      handle: async ({ query }) => {
        const [tables, states] = [await state.read(listTables), await state.read(listStates)];
        const after = tables.filter((table) => query.cursor === undefined || table.id > query.cursor);
        const shown = after.slice(0, query.limit);
        return {
          tables: shown.map((table) => withState(table, states.get(table.id) ?? null, liveTable(table.id))),
          count: tables.length,
          next_cursor: after.length > shown.length ? (shown.at(-1)?.id ?? null) : null,
        };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/admin/registry',
      summary: 'Register a table; what must not be guessed later is settled with the source now',
      action: 'administer',
      body: newTable,
      bodyChecked: 'handler',
      answers: { 201: { description: 'The row', schema: settledRow } },
      handle: async ({ body, principal, reply }) => {
        const checked = await checkTable(body, config);
        if ((await state.read((session) => findTable(session, checked.table.id))) !== null)
          throw taken(checked.table.id);
        const { table, columns, notes } = await settleTable(parts, checked);
        const row: RegisteredTable = {
          ...table,
          registered_by: principal?.label ?? null,
          registered_at: new Date().toISOString(),
        };
        if (!(await state.write((session) => insertTable(session, row)))) throw taken(row.id);
        await state.checkpoint();
        reply.code(201).headers({ location: `/api/admin/registry/${row.id}`, etag: tagOf(row) });
        return { ...withState(row, null, null), columns, notes };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/admin/registry/{id}',
      summary: 'One registered table',
      action: 'administer',
      params,
      answers: { 200: { description: 'The row', schema: registryRow } },
      handle: async ({ params: { id }, reply }) => {
        const row = await existing(id);
        reply.header('etag', tagOf(row));
        return withState(row, await state.read((session) => findState(session, id)), liveTable(id));
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/api/admin/registry/{id}',
      summary: 'Change what is given; null goes back to the default; If-Match guards against another editor',
      action: 'administer',
      params,
      body: tableChange,
      bodyChecked: 'handler',
      answers: { 200: { description: 'The changed row', schema: settledRow } },
      handle: async ({ params: { id }, body, request, reply }) => {
        const before = await existing(id);
        checkUnchanged(request, before);
        const change = knownFields(body);
        const checked = await checkTable(applyChange(before, change), config);
        const settled = touchesSource(change)
          ? await settleTable(parts, checked)
          : { table: checked.table, columns: null, notes: [] };
        const { registered_by, registered_at } = before;
        const row = { ...settled.table, registered_by, registered_at };
        await state.write(async (session) => {
          // Asking the source takes time in which somebody else may have been here.
          const now = await findTable(session, id);
          if (now === null || tagOf(now) !== tagOf(before)) throw changedMeanwhile(id);
          await updateTable(session, row);
        });
        await state.checkpoint();
        reply.header('etag', tagOf(row));
        const attempt = await state.read((session) => findState(session, id));
        return { ...withState(row, attempt, liveTable(id)), columns: settled.columns, notes: settled.notes };
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/admin/registry/{id}',
      summary: 'Unregister a table: its row, state, files and views go together',
      action: 'administer',
      params,
      answers: { 204: { description: 'It is gone' } },
      handle: async ({ params: { id }, request, reply }) => {
        const row = await existing(id);
        checkUnchanged(request, row);
        await removeTable(parts, row);
        return reply.code(204).send();
      },
    }),
  ];

  function liveTable(id: string): CatalogueTable | null {
    return master.catalogue().tables.get(id) ?? null;
  }

  async function existing(id: string): Promise<RegisteredTable> {
    const row = await state.read((session) => findTable(session, id));
    if (row !== null) return row;
    throw new AttacheError('not_found', {
      message: `No table ${id} is registered.`,
      hint: 'See GET /api/admin/registry for the tables there are.',
    });
  }
}

function checkUnchanged(request: Call['request'], row: RegisteredTable): void {
  if (!matchesStrongly(request.headers['if-match'], tagOf(row))) throw changedMeanwhile(row.id);
}

function changedMeanwhile(id: string): AttacheError {
  return new AttacheError('precondition_failed', {
    message: `The table ${id} was changed by somebody else since you read it.`,
    hint: 'Read it again, look at what changed, and send your change anew.',
  });
}

/** The fields that may be changed; others are refused by name. */
function knownFields(body: unknown): Record<string, unknown> {
  const outcome = z.looseObject({}).safeParse(body);
  const faults = outcome.success ? [] : faultsOf(outcome.error);
  const changeable = Object.keys(tableChange.shape);
  for (const field of Object.keys(outcome.data ?? {})) {
    if (!changeable.includes(field)) {
      const message = field in registryRow.shape ? 'It cannot be changed.' : 'There is no such field here.';
      faults.push({ pointer: `/${field}`, message });
    }
  }
  if (faults.length === 0) return outcome.data as Record<string, unknown>;
  throw new AttacheError('settings_invalid', {
    message: `The table cannot be changed: ${faults.map((fault) => `${fault.pointer} ${fault.message}`).join('; ')}`,
    hint: `These can be: ${changeable.join(', ')}. To move a table to another source, register it anew.`,
    faults,
  });
}

function taken(id: string): AttacheError {
  return new AttacheError('conflict', {
    message: `A table ${id} is registered already.`,
    hint: `Choose another name or id, or change it: PATCH /api/admin/registry/${id}.`,
  });
}

function tagOf(row: RegisteredTable): string {
  return `"${createHash('sha256').update(JSON.stringify(row)).digest('base64url')}"`;
}

function withState(
  row: RegisteredTable,
  attempt: SyncState | null,
  live: CatalogueTable | null,
): z.infer<typeof registryRow> {
  return {
    ...row,
    status: attempt?.status ?? 'pending',
    last_attempt: attempt?.last_attempt ?? null,
    last_success: attempt?.last_success ?? null,
    error: attempt?.error ?? null,
    rows: attempt?.rows ?? null,
    size_bytes: attempt?.size_bytes ?? null,
    schema_changes:
      attempt?.status === 'failed' && attempt.schema_changes.length > 0
        ? attempt.schema_changes
        : (live?.schema_changes ?? []),
  };
}
