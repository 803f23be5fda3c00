/** Stored events become changes: the connector says what each means, and every one is listed in the table of events. */
import { hash } from 'node:crypto';
import type { Connector } from '../connectors/connector.ts';
import type { ReceivedChange, ReceivedTable } from '../connectors/receive-way.ts';
import { toAttacheError } from '../errors/attache-error.ts';
import type { Frame } from './inbox/frame.ts';
import { quarantine } from './quarantine.ts';
import type { Lane } from './receive-folder.ts';

export interface Interpreter {
  connector: Connector;
  settings: unknown;
  quarantineDirectory: string;
}

/** The changes of some frames. An event that cannot be understood is kept aside first, so it is never lost between the two. */
export async function interpretFrames(
  interpreter: Interpreter,
  frames: readonly Frame[],
  lane: Lane,
): Promise<ReceivedChange[]> {
  const { connector, settings } = interpreter;
  const changes: ReceivedChange[] = [];
  const { events } = connector.receive!.ownTables(settings);
  for (const frame of frames) {
    const { head, body } = frame;
    const { identifier, name, occurredAt, receivedAt } = head;
    const event = { identifier, name, occurredAt, receivedAt, body, origin: lane, released: head.released === true };
    try {
      const meant = connector.receive!.interpret(settings, event);
      for (const change of meant) changes.push(change);
      if (lane === 'pushed') changes.push(listed(events, head, body, meant.length > 0 ? 'applied' : 'stored'));
    } catch (thrown) {
      changes.push(...(await setFrameAside(interpreter, frame, lane, reasonOf(thrown))));
    }
  }
  return changes;
}

/** Keeps a frame aside and lists it; its changes are no others. */
export async function setFrameAside(
  { connector, settings, quarantineDirectory }: Interpreter,
  { head, body }: Frame,
  lane: Lane,
  reason: string,
): Promise<ReceivedChange[]> {
  const { identifier, name, occurredAt, receivedAt, sequence } = head;
  const event = { identifier, name, occurredAt, receivedAt, body };
  await quarantine(quarantineDirectory, event, reason, `${lane}-${sequence}`);
  return lane === 'pushed' ? [listed(connector.receive!.ownTables(settings).events, head, body, 'quarantined')] : [];
}

/** What a call stack does not hold is told as what it is. */
function reasonOf(thrown: unknown): string {
  return thrown instanceof RangeError ? 'The event is nested too deeply.' : toAttacheError(thrown).message;
}

function listed(table: string, head: Frame['head'], body: Buffer, outcome: string): ReceivedChange {
  return {
    kind: 'row',
    table,
    key: [String(head.sequence)],
    version: '1',
    seen: head.receivedAt,
    row: {
      received_at: instant(head.receivedAt),
      occurred_at: head.occurredAt === null ? null : instant(head.occurredAt),
      name: head.name,
      identifier: head.identifier,
      bytes: body.length,
      sha256: hash('sha256', body),
      outcome,
    },
  };
}

function instant(milliseconds: number): string | null {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace('T', ' ').slice(0, -1);
}

/** The table in which every pushed event is listed. */
export function eventsTable(id: string): ReceivedTable {
  return {
    id,
    description: 'Every event that was received: when, its name, its size and hash, and what became of it.',
    primary_key: ['sequence'],
    month: 'received_at',
    columns: [
      { name: 'sequence', type: 'BIGINT' },
      { name: 'received_at', type: 'TIMESTAMP' },
      { name: 'occurred_at', type: 'TIMESTAMP' },
      { name: 'name', type: 'VARCHAR' },
      { name: 'identifier', type: 'VARCHAR' },
      { name: 'bytes', type: 'BIGINT' },
      { name: 'sha256', type: 'VARCHAR' },
      { name: 'outcome', type: 'VARCHAR' },
    ],
  };
}
