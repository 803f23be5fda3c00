/** Shows what a sync would do, for `da admin sync --plan`. */
import type { ServerClient } from '../client/server-client.ts';
import { AttacheError } from '../errors/attache-error.ts';
import type { Context } from './context.ts';
import { type PlannedTable, planText } from './output/plan-text.ts';

export async function showPlan(
  client: ServerClient,
  asked: { tables: string[]; full?: boolean; since?: string },
  { terminal, signal, exit }: Context,
): Promise<void> {
  if (asked.tables.length === 0) {
    throw new AttacheError('usage', {
      message: '--plan needs the tables to plan.',
      hint: 'e.g. da admin sync orders --plan',
    });
  }
  const { body } = await client.json<{ tables: PlannedTable[] }>('/api/sync/plan', {
    method: 'POST',
    body: asked,
    signal,
    patient: true,
  });
  if (terminal.json) await terminal.document(body);
  else await terminal.data(planText(body.tables));
  for (const table of body.tables) if (table.error?.hint) terminal.say(`${table.id}: ${table.error.hint}`);
  const failed = body.tables.filter((table) => table.error !== null).length;
  if (failed > 0) exit(failed === body.tables.length ? 1 : 3);
}
