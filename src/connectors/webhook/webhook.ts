/** Signed JSON events of any program into one table: a declared key, a version that grows, and a list of columns. */
import { AttacheError } from '../../errors/attache-error.ts';
import { defineConnector } from '../connector.ts';
import type {
  Admission,
  IncomingEvent,
  ReceivedChange,
  ReceivedColumn,
  ReceivedTable,
  ReceivedValue,
  StoredEvent,
} from '../receive-way.ts';
import { secretWarnings } from '../signature.ts';
import { tableOptions } from '../table-options.ts';
import { fitValue } from './fit-value.ts';
import { parseEvent } from './parse-event.ts';
import { type WebhookSettings, webhookSettings } from './settings.ts';
import { signingKeys, verify } from './verify.ts';
import { momentOf, versionText } from './version-text.ts';

export const webhook = defineConnector<WebhookSettings>({
  type: 'webhook',
  title: 'Webhook',
  summary: 'Signed JSON events into one table, live in seconds.',
  settings: webhookSettings,
  options: tableOptions.pick({}),
  serves: { cursor: false, partitions: false, where: false, columns: false, changes: false, remote: false },
  flat: true,
  check: async (context) => ({
    summary: `Waits for signed events at /webhooks/${context.source}.`,
    facts: { table: context.settings.table, signature: context.settings.signature },
    warnings: secretWarnings(() => signingKeys(context)),
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

function admit(settings: WebhookSettings, { headers, body }: IncomingEvent): Admission {
  const event = parseEvent(body);
  const { type } = event;
  const facts = {
    identifier: headers['webhook-id']?.slice(0, 200) ?? null,
    name: typeof type === 'string' ? type.slice(0, 200) : null,
    occurredAt: momentOf(memberAt(event, settings.version)),
  };
  return { facts, aside: null };
}

function interpret(settings: WebhookSettings, { body, receivedAt }: StoredEvent): ReceivedChange[] {
  const event = parseEvent(body);
  const row: Record<string, ReceivedValue> = { [misfitColumn]: false };
  for (const [column, { path, type }] of Object.entries(settings.columns)) {
    const told = memberAt(event, path);
    row[column] = fitValue(type, told);
    if (row[column] === null && told !== null) row[misfitColumn] = true;
  }
  const key = settings.key.map((column) => keyPart(settings, event, column));
  const version = versionOf(settings, event);
  const about = { table: settings.table, key };
  // A deletion has a version too, so that only a newer event brings the row back.
  if (settings.deleted !== undefined) row[deletedColumn] = memberAt(event, settings.deleted) === true;
  return [{ kind: 'row', ...about, version, seen: receivedAt, row }];
}

function versionOf(settings: WebhookSettings, event: unknown): string {
  const told = memberAt(event, settings.version);
  const version = versionText(told);
  if (version !== null) return version;
  const message =
    told === null || told === ''
      ? `The event lacks its version, ${settings.version}.`
      : `The version ${settings.version} holds ${shown(told)}, which is neither a time nor a number from 0 on nor text that sorts.`;
  throw new AttacheError('source_data', { message });
}

/** A row that cannot be named cannot be kept, so what does not fit a column of the key is told and not left out. */
function keyPart({ columns }: WebhookSettings, event: unknown, column: string): string {
  const { path, type } = columns[column]!;
  const told = memberAt(event, path);
  const text = typeof told === 'object' ? null : fitValue(type, told);
  if (text !== null && text !== '') return text;
  const message =
    told === null || told === ''
      ? `The event lacks ${path}, the key column ${column}.`
      : `The key column ${column} holds ${shown(told)}, which is no ${type}.`;
  throw new AttacheError('source_data', { message });
}

/** For messages. What an object holds may be nested deeper than a call stack. */
function shown(told: unknown): string {
  if (typeof told === 'object') return Array.isArray(told) ? 'a list' : 'an object';
  return JSON.stringify(told).slice(0, 100);
}

function tableOf(settings: WebhookSettings): ReceivedTable {
  const columns: ReceivedColumn[] = [
    ...Object.entries(settings.columns).map(([name, { type }]) => ({ name, type })),
    { name: misfitColumn, type: 'BOOLEAN', internal: true },
  ];
  const table = {
    id: settings.table,
    description: 'Rows told by signed events.',
    primary_key: settings.key,
    misfit: misfitColumn,
  };
  if (settings.deleted === undefined) return { ...table, columns };
  const hides: ReceivedColumn = { name: deletedColumn, type: 'BOOLEAN', internal: true };
  return { ...table, columns: [...columns, hides], hiddenBy: deletedColumn };
}

/** No columns of a source can have these names. */
const deletedColumn = '~deleted';
const misfitColumn = '~misfit';

function memberAt(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return null;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}
