/** What the door of a Jira source does with strangers, forgeries, replays and oddities; each row names its outcome. */
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jira } from '../../../src/connectors/jira/jira.ts';
import { jiraSettings } from '../../../src/connectors/jira/settings.ts';
import { acceptEvent, type Door, noCounts } from '../../../src/receive/accept-event.ts';
import { DeliveryLedger } from '../../../src/receive/delivery-ledger.ts';
import { InboxWriter } from '../../../src/receive/inbox/inbox-writer.ts';
import {
  countQuarantined,
  listQuarantined,
  showQuarantined,
  takeQuarantined,
} from '../../../src/receive/quarantine.ts';

const secret = "It's a Secret to Everybody";
let directory: string;
let inbox: InboxWriter;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-door-'));
  inbox = await InboxWriter.open(join(directory, 'inbox'));
});

afterAll(async () => {
  await inbox.close();
  await rm(directory, { recursive: true, force: true });
});

function door(secrets: Record<string, string> = { S: secret }): Door {
  const settings = jiraSettings.parse({ url: 'https://acme.example', secrets_env: ['S', 'OLD'] });
  const read = (name: string) => {
    const value = secrets[name];
    if (value === undefined) throw new Error('not set');
    return value;
  };
  const context = {
    source: 'jira',
    settings,
    signal: new AbortController().signal,
    secret: (name: string) => {
      try {
        return read(name);
      } catch {
        return '';
      }
    },
  };
  const counts = noCounts();
  const quarantineDirectory = join(directory, 'quarantine');
  return { connector: jira, context, inbox, ledger: new DeliveryLedger(), quarantineDirectory, counts };
}

const sign = (body: string, key = secret, method = 'sha256') =>
  `${method}=${createHmac(method, key).update(body).digest('hex')}`;

async function answer(body: string, headers: Record<string, string> = { 'x-hub-signature': sign(body) }, at = door()) {
  const before = await countQuarantined(at.quarantineDirectory);
  try {
    await acceptEvent(at, { headers, body: Buffer.from(body), receivedAt: Date.now() });
    return 200;
  } catch (thrown) {
    const { status } = thrown as { status: number };
    const kept = (await countQuarantined(at.quarantineDirectory)) > before;
    return status === 400 && kept ? '400 and kept' : status;
  }
}

const body = JSON.stringify({ timestamp: Date.now(), webhookEvent: 'jira:issue_updated', issue: { id: '1' } });
const digest = sign(body).slice('sha256='.length);

test('S1 the published test vector is accepted by the verifier, in either case', () => {
  const hex = 'a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9';
  const { context } = door();
  for (const text of [hex, hex.toUpperCase()]) {
    const event = {
      headers: { 'x-hub-signature': `sha256=${text}` },
      body: Buffer.from('Hello World!'),
      receivedAt: 0,
    };
    expect(() => jira.receive!.verify(context as never, event)).not.toThrow();
  }
});

describe('S2, S3 a signature that is not exactly right is refused', () => {
  const forms: [string, Record<string, string>][] = [
    ['none', {}],
    ['an empty one', { 'x-hub-signature': '' }],
    ['no digits', { 'x-hub-signature': 'sha256=' }],
    ['63 digits', { 'x-hub-signature': `sha256=${digest.slice(1)}` }],
    ['65 digits', { 'x-hub-signature': `sha256=${digest}0` }],
    ['other letters', { 'x-hub-signature': `sha256=${'g'.repeat(64)}` }],
    ['letters beyond ASCII', { 'x-hub-signature': `sha256=${'é'.repeat(64)}` }],
    ['two headers', { 'x-hub-signature': `sha256=${digest}, sha256=${digest}` }],
    ['SHA-1', { 'x-hub-signature': sign(body, secret, 'sha1') }],
    ['an unknown method', { 'x-hub-signature': `md4=${digest}` }],
    ['bare digits', { 'x-hub-signature': digest }],
    ['the header of others', { 'x-hub-signature-256': `sha256=${digest}` }],
    ['one bit flipped', { 'x-hub-signature': sign(`${body.slice(0, -2)}1}`) }],
  ];
  test.each(forms)('%s: 401', async (_what, headers) => {
    expect(await answer(body, headers)).toBe(401);
  });

  test('the same JSON written anew: 401', async () => {
    expect(await answer(JSON.stringify(JSON.parse(body), null, 1), { 'x-hub-signature': sign(body) })).toBe(401);
  });
});

test.each([
  ['unset', {}],
  ['empty', { S: '' }],
  ['blank', { S: ' \t' }],
])('S4 with its secret %s nothing is accepted: 503', async (_what, secrets) => {
  expect(await answer(body, { 'x-hub-signature': sign(body, '') }, door(secrets as Record<string, string>))).toBe(503);
});

test('S5 the old secret is valid while both are named, and not after', async () => {
  const headers = { 'x-hub-signature': sign(body, 'the old one') };
  expect(await answer(body, headers, door({ S: secret, OLD: 'the old one' }))).toBe(200);
  expect(await answer(body, headers, door({ S: secret }))).toBe(401);
});

const kept: [string, string][] = [
  ['S6 25 hours old', JSON.stringify({ timestamp: Date.now() - 25 * 3_600_000, webhookEvent: 'x' })],
  ['S6 ten minutes ahead', JSON.stringify({ timestamp: Date.now() + 600_000, webhookEvent: 'x' })],
  ['S8 an array', '[]'],
  ['S8 a text', '"x"'],
  ['S8 a number', '7'],
  ['S8 null', 'null'],
  ['S8 half a JSON', '{"issue":'],
  ['an empty body', ''],
  [
    'S14 another site',
    JSON.stringify({ webhookEvent: 'x', issue: { id: '1', self: 'https://evil.example/rest/api/2/issue/1' } }),
  ],
  [
    'S14 a site hidden in user info',
    JSON.stringify({ webhookEvent: 'x', issue: { id: '1', self: 'https://acme.example@evil.example/x' } }),
  ],
];

test.each(kept)('%s: 400 and kept aside', async (_what, text) => {
  expect(await answer(text)).toBe('400 and kept');
});

test('S6 an event kept aside keeps its name, identifier and time: released, it is as old as it was', async () => {
  const occurredAt = Date.now() - 30 * 3_600_000;
  const old = JSON.stringify({ timestamp: occurredAt, webhookEvent: 'sprint_updated', sprint: { id: 3, name: 'Old' } });
  const headers = { 'x-hub-signature': sign(old), 'x-atlassian-webhook-identifier': 'old-one' };
  expect(await answer(old, headers)).toBe('400 and kept');
  const { quarantineDirectory, context } = door();
  const kept = (await listQuarantined(quarantineDirectory)).find(({ identifier }) => identifier === 'old-one')!;
  expect(kept).toMatchObject({ name: 'sprint_updated', occurredAt });
  const taken = await takeQuarantined(quarantineDirectory, kept.id);
  const [change] = jira.receive!.interpret(context.settings as never, { ...taken, origin: 'pushed', released: true });
  expect(change).toMatchObject({ table: 'jira_sprints', seen: occurredAt });
});

test('S6, E3 a delivery that comes again takes no second place; one under another identifier, or with other bytes, does', async () => {
  const at = door();
  const place = (identifier: string | null, text: string) => {
    const headers = { 'x-hub-signature': sign(text) };
    const named = identifier === null ? headers : { ...headers, 'x-atlassian-webhook-identifier': identifier };
    return acceptEvent(at, { headers: named, body: Buffer.from(text), receivedAt: Date.now() });
  };
  const first = await place('d1', body);
  for (let time = 0; time < 10; time += 1) expect(await place('d1', body)).toBe(first);
  const others = [
    await place('d2', body),
    await place('d1', `${body} `),
    await place(null, body),
    await place(null, body),
  ];
  expect(new Set([first, ...others]).size).toBe(5);
  expect(at.counts).toMatchObject({ accepted: 5, repeated: 10 });
});

const tolerated: [string, unknown][] = [
  ['S8 an issue that is a text', { webhookEvent: 'jira:issue_updated', issue: 'x' }],
  ['S8 fields that are null', { webhookEvent: 'jira:issue_updated', issue: { id: '1', fields: null } }],
  [
    'S8 a changelog without items',
    { webhookEvent: 'jira:issue_updated', issue: { id: '1', key: 'A-1', fields: {} }, changelog: { id: 1 } },
  ],
  ['S8 an issue that is null', { webhookEvent: 'comment_created', issue: null, comment: { id: '1' } }],
  ['E2 an unknown event', { webhookEvent: 'something_new', thing: { id: 1 } }],
  ['E2 a body without a name', { accountId: '557058:x', username: 'x' }],
];

test.each(tolerated)('%s: 200, and understood without an exception', async (_what, event) => {
  const text = JSON.stringify({ timestamp: Date.now(), ...(event as object) });
  expect(await answer(text)).toBe(200);
  const stored = {
    identifier: null,
    name: null,
    occurredAt: 1,
    receivedAt: 1,
    body: Buffer.from(text),
    origin: 'pushed' as const,
    released: false,
  };
  expect(() => jira.receive!.interpret(door().context.settings as never, stored)).not.toThrow();
});

test('S11 credentials are masked in what is shown and listed of the quarantine', async () => {
  const address = 'https://x.example/?token=abcdef&jwt=qwertz';
  expect(await answer(JSON.stringify([address]))).toBe('400 and kept');
  const named = JSON.stringify({ timestamp: 1, webhookEvent: address });
  const headers = { 'x-hub-signature': sign(named), 'x-atlassian-webhook-identifier': address };
  expect(await answer(named, headers)).toBe('400 and kept');
  const at = door().quarantineDirectory;
  const listed = await listQuarantined(at);
  expect(listed.map(({ name }) => name)).toContain('https://x.example/?token=***&jwt=***');
  for (const { id } of listed) {
    expect(JSON.stringify([listed, await showQuarantined(at, id)])).not.toMatch(/abcdef|qwertz/);
    // What is released is what came.
    const { body: taken, identifier } = await takeQuarantined(at, id);
    if (taken.toString() === named) expect(identifier).toBe(address);
  }
});
