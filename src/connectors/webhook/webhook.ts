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
import { type WebhookSettings, webhookSettings } from './settings.ts';
import { verify } from './verify.ts';

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
  const event = parseObject(body);
  const identifier = headers['webhook-id'] ?? null;
  const type = event.type;
  const version = textOf(memberAt(event, settings.version));
  const occurredAt = version === null ? Number.NaN : Date.parse(version);
  return {
    identifier,
    name: typeof type === 'string' ? type.slice(0, 200) : null,
    occurredAt: Number.isNaN(occurredAt) || /^\d+(\.\d+)?$/.test(version ?? '') ? null : occurredAt,
  };
}

function interpret(settings: WebhookSettings, { body, receivedAt }: StoredEvent): ReceivedChange[] {
  const event = parseObject(body);
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

function parseObject(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (cause) {
    throw new AttacheError('malformed', { message: 'The event is not JSON.', cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new AttacheError('malformed', { message: 'The event is not a JSON object.' });
}

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

/** Times and numbers as text that sorts as they do; other text as it is. */
function versionText(value: unknown): string | null {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))) {
    const [whole = '', fraction = ''] = String(value).split('.');
    return `n${whole.padStart(24, '0')}.${fraction}`;
  }
  if (typeof value !== 'string' || value === '') return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? `t${value}` : `d${new Date(time).toISOString()}`;
}
