/** What events mean together, whatever their order: each row names its outcome. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jira } from '../../../src/connectors/jira/jira.ts';
import { jiraSettings } from '../../../src/connectors/jira/settings.ts';
import { reduceChanges } from '../../../src/receive/state/reduce-changes.ts';
import { applyAll, jiraSource, store } from '../../helpers/jira-source.ts';
import { published } from '../../helpers/pushed-source.ts';

let directory: string;
const site = 'https://acme.example';
const source = jiraSource(site, { custom_fields: { customfield_10016: { column: 'story_points', type: 'DOUBLE' } } });
const settings = jiraSettings.parse(source.settings);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-meaning-'));
});

afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));

type Event = Record<string, unknown> & { webhookEvent: string; timestamp: number };
const at = (second: number) => Date.UTC(2026, 0, 31, 12, 0, second);
const time = (second: number) => new Date(at(second)).toISOString().replace('Z', '+0000');
const ann = { accountId: '557058:ann', displayName: 'Ann' };

function issue(second: number, fields: Record<string, unknown> = {}, id = '1', key = 'A-1') {
  return {
    id,
    self: `${site}/rest/api/2/issue/${id}`,
    key,
    fields: {
      summary: `at ${second}`,
      created: time(0),
      updated: time(second),
      project: { id: '7', key: 'A', name: 'Alfa' },
      ...fields,
    },
  };
}

const event = (webhookEvent: string, second: number, rest: Record<string, unknown>): Event => ({
  webhookEvent,
  timestamp: at(second),
  ...rest,
});
const updated = (second: number, fields = {}, more = {}) =>
  event('jira:issue_updated', second, { user: ann, issue: issue(second, fields), ...more });
const comment = (name: string, second: number, more: Record<string, unknown> = {}, id = '50') =>
  event(`comment_${name}`, second, {
    comment: {
      id,
      self: `${site}/rest/api/2/issue/1/comment/${id}`,
      body: `said at ${second}`,
      author: ann,
      created: time(1),
      updated: time(second),
      ...more,
    },
    issue: {
      id: '1',
      key: 'A-1',
      fields: { summary: 'stub', status: { name: 'Open' }, project: { id: '7', key: 'A', name: 'Alfa' } },
    },
  });
const deleted = (second: number) => event('jira:issue_deleted', second, { user: ann, issue: issue(second - 1) });

/** Ten thousand levels, which no writer of JSON here reaches; in a body their name stands for them. */
const levels = 10_000;
const deep: Record<string, string> = {
  '"@document"': `{"type":"doc","content":[${'{"type":"panel","content":['.repeat(levels)}{"type":"text","text":"bottom"}${']}'.repeat(levels)}]}`,
  '"@lists"': `${'['.repeat(levels)}${']'.repeat(levels)}`,
};

function bodyOf(one: Event): string {
  return Object.entries(deep).reduce((text, [name, value]) => text.replaceAll(name, value), JSON.stringify(one));
}

const moved = (second: number, from: string, to: string) =>
  event('jira:issue_updated', second, {
    user: ann,
    issue: issue(second, {}, '1', to),
    changelog: { id: second, items: [{ field: 'Key', fromString: from, toString: to }] },
  });
const twiceAndBack = [updated(1), moved(2, 'A-1', 'B-4'), moved(4, 'B-4', 'C-2'), moved(6, 'C-2', 'A-1')];
/** Told while the issue was called B-4. */
const linked = [
  event('jira:issue_created', 3, { user: ann, issue: issue(3, {}, '2', 'A-2') }),
  event('issuelink_created', 3, {
    issueLink: {
      id: 70,
      sourceIssueId: 2,
      destinationIssueId: 1,
      issueLinkType: { id: 1, name: 'Blocks', inwardName: 'is blocked by', outwardName: 'blocks' },
    },
  }),
];

/** Each event arrives by itself. */
async function tell(events: readonly Event[]): Promise<void> {
  for (const [index, one] of events.entries()) {
    const delivery = {
      sequence: index,
      identifier: `i${index}`,
      event: one.webhookEvent,
      at: Math.min(one.timestamp, at(59)),
      flow: 'Primary' as const,
      entity: { kind: 'x', id: '1' },
      body: bodyOf(one),
    };
    await store(directory, [{ delivery, identifier: delivery.identifier }]);
  }
  await applyAll(directory, source);
}

const rows = (sql: string) => published(directory, 'jira', sql);

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((one, index) =>
    permutations(list.filter((_, other) => other !== index)).map((rest) => [one, ...rest]),
  );
}

test('E4 all 720 orders of created, three updates, a comment and a deletion mean the same', () => {
  const events = [
    event('jira:issue_created', 1, { user: ann, issue: issue(1) }),
    updated(2),
    updated(3),
    updated(4),
    comment('created', 3),
    deleted(6),
  ];
  const meant = events.map((one) =>
    jira.receive!.interpret(settings, {
      identifier: null,
      name: one.webhookEvent,
      occurredAt: one.timestamp,
      receivedAt: 0,
      body: Buffer.from(JSON.stringify(one)),
      origin: 'pushed',
      released: false,
    }),
  );
  const plain = (order: typeof meant) => {
    const { rows: found } = reduceChanges(order.flat());
    return JSON.stringify(
      [...found]
        .map(([table, staged]) => [
          table,
          [...staged].map(([key, row]) => [key, [...row.groups].sort(), row.seen, row.gone, row.alive]).sort(),
        ])
        .sort(),
    );
  };
  const orders = permutations(meant);
  expect(orders).toHaveLength(720);
  expect(new Set(orders.map(plain)).size).toBe(1);
});

const outcomes: [string, Event[], string, unknown[]][] = [
  [
    'E5 updates, comments and links after a deletion: stays deleted',
    [updated(1), deleted(5), updated(9), comment('created', 9)],
    'SELECT (SELECT count(*) FROM jira_issues)::INTEGER AS issues, (SELECT count(*) FROM jira_comments)::INTEGER AS comments',
    [{ issues: 0, comments: 0 }],
  ],
  [
    'E5 a deletion of an issue nobody has seen, then its late creation: stays deleted',
    [deleted(5), event('jira:issue_created', 1, { user: ann, issue: issue(1) })],
    'SELECT count(*)::INTEGER AS n FROM jira_issues',
    [{ n: 0 }],
  ],
  [
    'E6 a comment before its issue: joined once it arrives',
    [comment('created', 1), updated(2, { summary: 'whole' })],
    'SELECT c.issue_key, i.summary, i.comment_count::INTEGER AS n, i._hydrated FROM jira_comments c JOIN jira_issues i USING (issue_id)',
    [{ issue_key: 'A-1', summary: 'whole', n: 1, _hydrated: true }],
  ],
  [
    'E6 an attachment without its issue: waits until the issue names it',
    [event('attachment_created', 1, { attachment: { id: '9', filename: 'a.png', size: 3, created: time(1) } })],
    'SELECT count(*)::INTEGER AS n FROM jira_attachments',
    [{ n: 0 }],
  ],
  [
    'E7 a move and back: one row, every key kept',
    [
      updated(1),
      event('jira:issue_updated', 2, {
        user: ann,
        issue: issue(2, {}, '1', 'B-4'),
        changelog: { id: 20, items: [{ field: 'Key', fromString: 'A-1', toString: 'B-4' }] },
      }),
    ],
    "SELECT i.issue_key, string_agg(k.issue_key || k.is_current, ' ' ORDER BY k.issue_key) AS keys FROM jira_issues i JOIN jira_issue_keys k USING (issue_id) GROUP BY 1",
    [{ issue_key: 'B-4', keys: 'A-1false B-4true' }],
  ],
  [
    'E7 moved twice and back: one row under its first key, every key kept, and a link told under an old one leads to it',
    [...twiceAndBack, ...linked],
    `SELECT i.issue_key, (SELECT string_agg(k.issue_key || k.is_current, ' ' ORDER BY k.issue_key) FROM jira_issue_keys k WHERE k.issue_id = i.issue_id) AS keys, l.source_issue_key, l.destination_issue_key
     FROM jira_issue_keys old JOIN jira_issues i USING (issue_id) JOIN jira_issue_links l ON l.destination_issue_id = i.issue_id WHERE old.issue_key = 'B-4'`,
    [
      {
        issue_key: 'A-1',
        keys: 'A-1true B-4false C-2false',
        source_issue_key: 'A-2',
        destination_issue_key: 'A-1',
      },
    ],
  ],
  [
    'E7 moved twice and back, then deleted: nothing of it stays but the other end of its link',
    [...twiceAndBack, ...linked, deleted(9)],
    `SELECT (SELECT string_agg(issue_key, ' ') FROM jira_issues) AS issues, (SELECT string_agg(issue_key, ' ') FROM jira_issue_keys) AS keys, (SELECT count(*) FROM jira_issue_links)::INTEGER AS links`,
    [{ issues: 'A-2', keys: 'A-2', links: 0 }],
  ],
  [
    'E7 a key given anew, its project being deleted and its key taken by another: it leads to the issue made last',
    [
      updated(1),
      deleted(3),
      event('jira:issue_created', 4, { user: ann, issue: issue(4, {}, '12') }),
      event('jira:issue_created', 5, { user: ann, issue: issue(5, {}, '9') }),
    ],
    'SELECT issue_id, issue_key, is_current FROM jira_issue_keys',
    [{ issue_id: '12', issue_key: 'A-1', is_current: true }],
  ],
  [
    'the configuration of a board names its project by id and no type: both stay',
    [
      event('board_created', 1, { board: { id: 3, name: 'Board', type: 'scrum', location: { projectId: 7 } } }),
      event('board_configuration_changed', 2, {
        configuration: { id: 3, name: 'Board', location: { type: 'project', id: '7' } },
      }),
    ],
    'SELECT type, project_id FROM jira_boards',
    [{ type: 'scrum', project_id: '7' }],
  ],
  [
    'a user told of by id alone keeps what was told of them',
    [event('user_created', 1, { user: ann }), event('user_updated', 2, { user: { accountId: '557058:ann' } })],
    'SELECT display_name FROM jira_users',
    [{ display_name: 'Ann' }],
  ],
  [
    'numbers may come as text',
    [
      updated(1),
      event('worklog_created', 2, {
        worklog: { id: 8, issueId: 1, timeSpentSeconds: '60', created: time(2), updated: time(2) },
      }),
    ],
    'SELECT time_spent_seconds::INTEGER AS n FROM jira_worklogs',
    [{ n: 60 }],
  ],
  [
    'a day that is in no calendar is no time',
    [updated(1, { resolutiondate: '2026-02-30T10:00:00.000+0000', created: '2026-02-01T10:00:00+05' })],
    'SELECT resolved_at::VARCHAR AS resolved, created_at::VARCHAR AS created FROM jira_issues',
    [{ resolved: null, created: '2026-02-01 05:00:00' }],
  ],
  [
    'E8 jsdPublic false, then the same version without it: still false',
    [comment('created', 3, { jsdPublic: false }), comment('updated', 3, {})],
    'SELECT public_visibility AS p FROM jira_comments',
    [{ p: false }],
  ],
  [
    'E8 jsdPublic as text: false, and missing: unknown, never true',
    [comment('created', 3, { jsdPublic: 'false' }), comment('created', 3, {}, '51')],
    'SELECT public_visibility AS p FROM jira_comments ORDER BY comment_id',
    [{ p: false }, { p: null }],
  ],
  [
    'E8 a newer edit that does not say: unknown',
    [comment('created', 3, { jsdPublic: true }), comment('updated', 4, {})],
    'SELECT public_visibility AS p FROM jira_comments',
    [{ p: null }],
  ],
  [
    'E9 the stub of a comment never overwrites a whole issue',
    [updated(2, { summary: 'whole' }), comment('created', 9)],
    'SELECT summary FROM jira_issues',
    [{ summary: 'whole' }],
  ],
  [
    'E10 a late evening in the west and a morning in the east are one moment',
    [updated(1, { created: '2026-01-31T23:30:00.000-0800' }), updated(2, { created: '2026-02-01T13:00:00.000+0530' })],
    'SELECT count(*)::INTEGER AS n, min(created_at)::VARCHAR AS created FROM jira_issues',
    [{ n: 1, created: '2026-02-01 07:30:00' }],
  ],
  [
    'E11 a promoted field that changes its type: NULL, and the JSON keeps it',
    [
      updated(1, { customfield_10016: 5 }),
      updated(2, { customfield_10016: { weird: [1] }, customfield_10030: { id: '1', value: 'High' } }),
    ],
    'SELECT story_points, custom_fields FROM jira_issues',
    [{ story_points: null, custom_fields: '{"customfield_10016":{"weird":[1]},"customfield_10030":"High"}' }],
  ],
  [
    'E11 a promoted field that fits',
    [updated(1, { customfield_10016: 5 })],
    'SELECT story_points FROM jira_issues',
    [{ story_points: 5 }],
  ],
  [
    'E12 documents of ten thousand levels in a description, a comment and a field keep their text',
    [
      updated(1, { description: '@document', customfield_10040: '@document' }),
      comment('created', 2, { body: '@document' }),
    ],
    'SELECT i.description_text, c.body_text, i.custom_fields FROM jira_issues i JOIN jira_comments c USING (issue_id)',
    [{ description_text: 'bottom', body_text: 'bottom', custom_fields: '{"customfield_10040":"bottom"}' }],
  ],
  [
    'E12 a field of ten thousand lists in each other: it alone is left out',
    [
      updated(1, { summary: 'before' }),
      updated(2, { customfield_10040: '@lists', customfield_10041: 1, labels: '@lists' }),
    ],
    'SELECT summary, custom_fields, labels FROM jira_issues',
    [{ summary: 'at 2', custom_fields: '{"customfield_10041":1}', labels: null }],
  ],
  [
    'E13 deleting a comment leaves its issue',
    [updated(1), comment('created', 2), comment('deleted', 3)],
    'SELECT comment_count::INTEGER AS n FROM jira_issues',
    [{ n: 0 }],
  ],
  [
    'S9 attack text is data',
    [updated(1, { summary: "'); DROP TABLE jira_issues; -- \0 \r\n ../../etc/passwd" })],
    'SELECT length(summary) > 40 AS kept FROM jira_issues',
    [{ kept: true }],
  ],
  [
    'S9 a key that is no key is data, and nothing is named by it',
    [updated(1, {}, { issue: issue(1, {}, '1', '../../../etc/passwd') })],
    'SELECT issue_key FROM jira_issues',
    [{ issue_key: '../../../etc/passwd' }],
  ],
  [
    'a project in the trash hides its issues, and its return shows them',
    [
      updated(1),
      event('project_soft_deleted', 2, { project: { id: 7, key: 'A', name: 'Alfa' } }),
      event('project_restored_deleted', 3, { project: { id: 7, key: 'A', name: 'Alfa' } }),
    ],
    'SELECT count(*)::INTEGER AS n FROM jira_issues',
    [{ n: 1 }],
  ],
];

describe('told in this order and in the reverse', () => {
  test.each(outcomes)('%s', async (_what, events, sql, wanted) => {
    await tell(events);
    expect(await rows(sql)).toEqual(wanted);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    await tell([...events].reverse());
    expect(await rows(sql)).toEqual(wanted);
  });
});

test('a value that does not fit its promoted column is counted', async () => {
  const facts = async () => {
    let misfits = -1;
    await applyAll(directory, source, async (applier) => {
      misfits = (await applier.status()).misfits;
    });
    return misfits;
  };
  await tell([updated(1, { customfield_10016: 'many', customfield_10040: '@lists' })]);
  expect(await facts()).toBe(2);
});

test('an event DuckDB refuses is kept aside by itself, and those before and after it count', async () => {
  const endless = { ...event('sprint_created', 2, { sprint: { id: 4, name: 'never' } }), timestamp: 1e300 };
  await tell([updated(1), endless, comment('created', 3)]);
  expect(
    await rows(
      'SELECT comment_count::INTEGER AS n, (SELECT count(*) FROM jira_sprints)::INTEGER AS sprints FROM jira_issues',
    ),
  ).toEqual([{ n: 1, sprints: 0 }]);
  expect(await rows('SELECT outcome FROM jira_events ORDER BY sequence')).toEqual(
    ['applied', 'quarantined', 'applied'].map((outcome) => ({ outcome })),
  );
});

test('half an emoji in a key keeps no event from being applied', async () => {
  await tell([event('jira:issue_updated', 1, { user: ann, issue: issue(1, {}, '1', 'A-\ud83d') })]);
  expect(await rows('SELECT issue_key, issue_url FROM jira_issues')).toEqual([
    { issue_key: 'A-\ufffd', issue_url: `${site}/browse/A-%EF%BF%BD` },
  ]);
});

test('half an emoji in a custom field keeps no event from being applied', async () => {
  await tell([updated(1, { customfield_10016: 3, customfield_10030: ['\ud83d', { '\udc00 \\ud83d': 'a\u0000' }] })]);
  expect(await rows('SELECT story_points, custom_fields FROM jira_issues')).toEqual([
    {
      story_points: 3,
      custom_fields: JSON.stringify({
        customfield_10016: 3,
        customfield_10030: ['\ufffd', { '\ufffd \\ud83d': 'a\u0000' }],
      }),
    },
  ]);
});
