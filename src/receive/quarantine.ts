/** Events kept aside: signed by the source, yet not to be applied without an operator's word. One file each, with the exact bytes. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventFacts } from '../connectors/receive-way.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { redact } from '../errors/redact.ts';
import { syncDirectory } from '../files/durable.ts';

export interface QuarantinedEvent extends EventFacts {
  id: string;
  reason: string;
  /** Milliseconds since the epoch. */
  receivedAt: number;
  bytes: number;
}

interface StoredForm extends QuarantinedEvent {
  body: string;
}

/** Beyond this, new ones are counted and dropped: whoever holds the secret cannot fill the disk. */
const mostKept = 10_000;
const idGrammar = /^[a-z0-9-]{1,80}$/;

/** Keeps an event aside, durably. The same `id` replaces itself, so that a repeated step leaves one. False when the quarantine is full. */
export async function quarantine(
  directory: string,
  event: EventFacts & { receivedAt: number; body: Buffer },
  reason: string,
  id: string = randomUUID(),
): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if ((await countQuarantined(directory)) >= mostKept) return false;
  const { identifier, name, occurredAt, receivedAt, body } = event;
  const stored: StoredForm = {
    id,
    reason: redact(reason),
    receivedAt,
    identifier,
    name,
    occurredAt,
    bytes: body.length,
    body: body.toString('base64'),
  };
  const path = fileOf(directory, id);
  const draft = `${path}.${randomUUID()}.draft`;
  const file = await open(draft, 'w', 0o600);
  await file.writeFile(JSON.stringify(stored));
  await file.sync();
  await file.close();
  await rename(draft, path);
  await syncDirectory(directory);
  return true;
}

export async function countQuarantined(directory: string): Promise<number> {
  return (await idsIn(directory)).length;
}

/** Newest first, without the bodies, credentials in what they say of themselves masked. */
export async function listQuarantined(directory: string, limit = 200): Promise<QuarantinedEvent[]> {
  const events = await Promise.all((await idsIn(directory)).map((id) => readStored(directory, id)));
  return events
    .filter((event) => event !== null)
    .map(({ body: _body, ...event }) => masked(event))
    .sort((a, b) => b.receivedAt - a.receivedAt)
    .slice(0, limit);
}

/** One event with its body as text, credentials in it masked. */
export async function showQuarantined(directory: string, id: string): Promise<QuarantinedEvent & { body: string }> {
  const stored = await demand(directory, id);
  return { ...masked(stored), body: redact(Buffer.from(stored.body, 'base64').toString()) };
}

function masked<Event extends QuarantinedEvent>(event: Event): Event {
  const clean = (text: string | null) => (text === null ? null : redact(text));
  return { ...event, name: clean(event.name), identifier: clean(event.identifier), reason: redact(event.reason) };
}

/** The event as it came. */
export async function takeQuarantined(
  directory: string,
  id: string,
): Promise<EventFacts & { receivedAt: number; body: Buffer }> {
  const { identifier, name, occurredAt, receivedAt, body } = await demand(directory, id);
  return { identifier, name, occurredAt, receivedAt, body: Buffer.from(body, 'base64') };
}

export async function dropQuarantined(directory: string, id: string): Promise<void> {
  await rm(fileOf(directory, id), { force: true });
}

async function demand(directory: string, id: string): Promise<StoredForm> {
  const stored = idGrammar.test(id) ? await readStored(directory, id) : null;
  if (stored !== null) return stored;
  throw new AttacheError('not_found', {
    message: `There is no event ${JSON.stringify(id)} in quarantine.`,
    hint: 'List them to see which there are.',
  });
}

async function idsIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => [] as string[]);
  return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
}

/** Null when it was released meanwhile. */
async function readStored(directory: string, id: string): Promise<StoredForm | null> {
  const text = await readFile(fileOf(directory, id), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as StoredForm);
}

function fileOf(directory: string, id: string): string {
  return join(directory, `${id}.json`);
}
