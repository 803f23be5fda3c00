/** Every name of the protocol: what it speaks of becomes rows, or the event is kept as one nobody needs yet. None is lost and none is refused. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventNames } from '../../doubles/jira-site/index.ts';
import { applyAll, jiraSource, store } from '../../helpers/jira-source.ts';
import { published } from '../../helpers/pushed-source.ts';

const site = 'https://acme.example';
let directory: string;
let outcomes: Map<string, string>;

/** Names whose events fill a table. */
const told = new Set(
  eventNames.filter((name) =>
    /^(jira:issue|comment|worklog|attachment|issuelink|user|project|sprint|board|jira:version)_/.test(name),
  ),
);

/** One body with every entity there is: the name alone decides which of them is meant. */
const everything = {
  issue: {
    id: '1',
    key: 'A-1',
    fields: {
      summary: 's',
      created: '2026-01-01T00:00:00.000+0000',
      updated: '2026-01-01T00:00:00.000+0000',
      project: { id: '7', key: 'A' },
    },
  },
  comment: {
    id: '2',
    self: `${site}/rest/api/2/issue/1/comment/2`,
    body: 'said',
    created: '2026-01-01T00:00:00.000+0000',
  },
  worklog: { id: '3', issueId: '1', timeSpentSeconds: 60, created: '2026-01-01T00:00:00.000+0000' },
  attachment: { id: '4', filename: 'a.png', created: '2026-01-01T00:00:00.000+0000' },
  issueLink: { id: 5, sourceIssueId: 1, destinationIssueId: 1, issueLinkType: { name: 'Blocks' } },
  user: { accountId: '557058:ann', displayName: 'Ann' },
  project: { id: 7, key: 'A', name: 'Alfa' },
  sprint: { id: 8, name: 'One', state: 'active' },
  board: { id: 9, name: 'Board' },
  configuration: { id: 9, name: 'Board' },
  version: { id: '10', projectId: 7, name: '1.0' },
  mergedTo: { id: '11', projectId: 7, name: '2.0' },
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-names-'));
  const planned = [...eventNames, 'something_of_tomorrow'].map((webhookEvent, index) => ({
    identifier: `i${index}`,
    delivery: {
      sequence: index,
      identifier: `i${index}`,
      event: webhookEvent,
      at: Date.now(),
      flow: 'Primary' as const,
      entity: { kind: 'x', id: '1' },
      body: JSON.stringify({ timestamp: Date.now(), webhookEvent, ...everything }),
    },
  }));
  await store(directory, planned);
  const facts = await applyAll(directory, jiraSource(site));
  expect(facts.damage).toEqual([]);
  const rows = await published<{ name: string; outcome: string }>(
    directory,
    'jira',
    'SELECT name, outcome FROM jira_events',
  );
  outcomes = new Map(rows.map(({ name, outcome }) => [name, outcome]));
});

afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));

test('there are 57 of them', () => {
  expect(new Set(eventNames).size).toBe(57);
  expect(told.size).toBe(39);
});

test.each([...eventNames].map((name) => [name, told.has(name) ? 'applied' : 'stored'] as const))(
  '%s is %s',
  (name, outcome) => {
    expect(outcomes.get(name)).toBe(outcome);
  },
);

test('a name nobody knows yet is kept for tomorrow', () => {
  expect(outcomes.get('something_of_tomorrow')).toBe('stored');
});
