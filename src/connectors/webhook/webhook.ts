/** Signed JSON events of any program into one table: a declared key, a version that grows, and a list of columns. */
import { AttacheError } from '../../errors/attache-error.ts';
import { defineConnector } from '../connector.ts';
import type {
  EventFacts,
  IncomingEvent,
  ReceivedChange,
  ReceivedTable,
  ReceivedValue,
  StoredEvent,
} from '../receive-way.ts';
import { tableOptions } from '../table-options.ts';
import { parseEvent } from './parse-event.ts';
import { type WebhookSettings, webhookSettings } from './settings.ts';
import { verify } from './verify.ts';
import { momentOf, versionText } from './version-text.ts';

export const webhook = defineConnector<WebhookSettings>({
  type: 'webhook',
  title: 'Webhook',
  summary: 'Signed JSON events into one table, live in seconds.',
  settings: webhookSettings,
  options: tableOptions.pick({}),
  serves: { cursor: false, partitions: false, where: false, columns: false, changes: false, remote: false },
  flat: true,
  check: async ({ source, settings }) => ({
    summary: `Waits for signed events at /webhooks/${source}.`,
    facts: { table: settings.table, signature: settings.signature },
    warnings: [],
  }),
  discover: async () => [],
  receive: {
    verify,
    admit,
    interpret,
    tables: (settings) => [tableOf(settings)],
    ownTables: ({ table }) => ({ events: `${table}_events`, progress: `${table}_ingest` }),
    bodyLimit: ({ max_body }) => max_body,
  },
});

function admit(settings: WebhookSettings, { headers, body }: IncomingEvent): EventFacts {
  const event = parseEvent(body);
  const { type } = event;
  return {
    identifier: headers['webhook-id']?.slice(0, 200) ?? null,
    name: typeof type === 'string' ? type.slice(0, 200) : null,
    occurredAt: momentOf(memberAt(event, settings.version)),
  };
}

function interpret(settings: WebhookSettings, { body, receivedAt }: StoredEvent): ReceivedChange[] {
  const event = parseEvent(body);
  const row: Record<string, ReceivedValue> = {};
  for (const [column, { path }] of Object.entries(settings.columns)) row[column] = textOf(memberAt(event, path));
  const key = settings.key.map((column) => row[column]);
  const version = versionText(memberAt(event, settings.version));
  if (version === null || key.some((value) => value === null || value === undefined || value === ''))
    throw new AttacheError('source_data', { message: 'The event lacks its key or its version.' });
  const about = { table: settings.table, key: key.map(String) };
  // A deletion has a version too, so that only a newer event brings the row back.
  if (settings.deleted !== undefined) row[deletedColumn] = memberAt(event, settings.deleted) === true;
  return [{ kind: 'row', ...about, version, seen: receivedAt, row }];
}

function tableOf(settings: WebhookSettings): ReceivedTable {
  const columns = Object.entries(settings.columns).map(([name, { type }]) => ({ name, type }));
  const table = { id: settings.table, description: 'Rows told by signed events.', primary_key: settings.key };
  if (settings.deleted === undefined) return { ...table, columns };
  const hides = { name: deletedColumn, type: 'BOOLEAN' as const, internal: true };
  return { ...table, columns: [...columns, hides], hiddenBy: deletedColumn };
}

/** No column of a source can have this name. */
const deletedColumn = '~deleted';

function memberAt(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return null;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
