/** Refuses a read from a cursor value on where it would have no effect. */
import { loadConnector } from '../connectors/catalogue.ts';
import { sinceFault } from '../connectors/strategy-rules.ts';
import { AttacheError } from '../errors/attache-error.ts';
import type { RegisteredTable } from '../system/table-registry.ts';
import { tableRequest } from './table-request.ts';

/** Tables that were named must all be able to; of those that came with the others one is enough, and the rest are synced as always. */
export async function checkSince(
  tables: readonly RegisteredTable[],
  named: readonly string[],
  full?: boolean,
): Promise<void> {
  if (full === true)
    throw new AttacheError('settings_invalid', {
      message: '`full` reads everything, so `since` would have no effect.',
      hint: 'Give one of the two.',
      faults: [{ pointer: '/since', message: 'has no effect beside `full`' }],
    });
  const reasons = await Promise.all(
    tables.map(async (table) => ({
      id: table.id,
      reason: sinceFault(tableRequest(table), (await loadConnector(table.source_type)).serves),
    })),
  );
  const unable = reasons.filter(({ reason }) => reason !== null);
  const refused = unable.length === tables.length ? unable : unable.filter(({ id }) => named.includes(id));
  if (refused.length === 0) return;
  throw new AttacheError('settings_invalid', {
    message: `\`since\` has no effect on ${refused.map(({ id, reason }) => `${id}: ${reason}`).join('; ')}.`,
    hint: 'It is for incremental tables with a cursor. Leave it out, or use `full` to read everything again.',
    faults: refused.map(({ id, reason }) => ({ pointer: '/since', message: `${id}: ${reason}` })),
  });
}
