/** The door: prove, look, store durably, and only then say yes. Nothing behind it has to be running. */
import { createHash } from 'node:crypto';
import type { Connector } from '../connectors/connector.ts';
import type { Admission, EventFacts, IncomingEvent } from '../connectors/receive-way.ts';
import type { SourceContext } from '../connectors/source-context.ts';
import { AttacheError, toAttacheError } from '../errors/attache-error.ts';
import type { DeliveryLedger } from './delivery-ledger.ts';
import type { InboxWriter } from './inbox/inbox-writer.ts';
import { quarantine } from './quarantine.ts';

export interface Door {
  connector: Connector;
  context: SourceContext<unknown>;
  inbox: InboxWriter;
  ledger: DeliveryLedger;
  quarantineDirectory: string;
  counts: DoorCounts;
}

/** What came to the door since the start. */
export interface DoorCounts {
  accepted: number;
  /** Deliveries that were stored already. */
  repeated: number;
  refused: number;
  quarantined: number;
  unavailable: number;
}

export const noCounts = (): DoorCounts => ({ accepted: 0, repeated: 0, refused: 0, quarantined: 0, unavailable: 0 });

/** Resolves with the event's sequence when it is safe. Throws `unauthorized`, `malformed` (kept in quarantine) or `unavailable`. */
export async function acceptEvent(door: Door, event: IncomingEvent): Promise<number> {
  try {
    door.connector.receive!.verify(door.context, event);
  } catch (thrown) {
    door.counts[toAttacheError(thrown).code === 'unavailable' ? 'unavailable' : 'refused'] += 1;
    throw thrown;
  }
  const facts = await admit(door, event);
  const delivery = door.ledger.nameOf(facts.identifier, event.body);
  const known = door.ledger.find(delivery);
  if (known !== null) {
    door.counts.repeated += 1;
    return known;
  }
  try {
    const sequence = await door.inbox.append({ ...facts, receivedAt: event.receivedAt }, event.body);
    door.ledger.add(delivery, sequence);
    door.counts.accepted += 1;
    return sequence;
  } catch (thrown) {
    door.counts.unavailable += 1;
    throw thrown;
  }
}

/** What the envelope says, of an event that may pass; any other is kept aside with what could be read of it. */
async function admit(door: Door, event: IncomingEvent): Promise<EventFacts> {
  let admission: Admission;
  try {
    admission = door.connector.receive!.admit(door.context.settings, event);
  } catch (thrown) {
    const { code, message } = toAttacheError(thrown);
    if (code !== 'malformed') throw thrown;
    admission = { facts: { identifier: null, name: null, occurredAt: null }, aside: message };
  }
  const { facts, aside } = admission;
  if (aside === null) return facts;
  // The same bytes sent again and again take one place.
  const id = `door-${createHash('sha256').update(event.body).digest('hex').slice(0, 32)}`;
  const stored = { ...facts, receivedAt: event.receivedAt, body: event.body };
  const kept = await quarantine(door.quarantineDirectory, stored, aside, id);
  door.counts.quarantined += 1;
  const hint = 'The event was kept aside; an administrator can look at it and release it.';
  throw new AttacheError('malformed', { message: aside, ...(kept ? { hint } : {}) });
}
