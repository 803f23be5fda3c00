/** Each recorded shape of a body, written by hand in its Cloud and its Server form, with what is missing or odd about it, and the rows it means. */
import { expect, test } from 'vitest';
import { jira } from '../../../src/connectors/jira/jira.ts';
import { jiraSettings } from '../../../src/connectors/jira/settings.ts';

const site = 'https://acme.example';
const settings = jiraSettings.parse({ url: site, secret_env: 'S' });
const at = Date.UTC(2026, 1, 1, 8, 0, 0);
const cloudUser = {
  self: `${site}/rest/api/2/user?accountId=557058%3Aann`,
  accountId: '557058:ann',
  displayName: 'Ann',
  active: true,
  timeZone: 'Europe/Prague',
  accountType: 'atlassian',
};
const serverUser = {
  self: `${site}/rest/api/2/user?username=ann`,
  name: 'ann',
  key: 'JIRAUSER10100',
  emailAddress: '?',
  displayName: 'Ann',
  active: 'true',
  timeZone: 'Europe/Prague',
};
const project = { id: '7', key: 'A', name: 'Alfa' };

type Rows = Record<string, Record<string, unknown> | 'gone'>;

/** By `table/key`: the columns of every group together, or that it is gone. */
function meaning(body: object, name = (body as { webhookEvent?: string }).webhookEvent ?? null): Rows {
  const event = {
    identifier: null,
    name,
    occurredAt: (body as { timestamp?: number }).timestamp ?? null,
    receivedAt: at,
    body: Buffer.from(JSON.stringify(body)),
    origin: 'pushed' as const,
    released: false,
  };
  const rows: Rows = {};
  for (const change of jira.receive!.interpret(settings as never, event)) {
    if (change.kind === 'complete' || change.kind === 'alive') continue;
    const key = `${change.table.replace('jira_', '')}/${change.key.join('/')}`;
    if (change.kind === 'gone') rows[key] = 'gone';
    else if (rows[key] !== 'gone') rows[key] = { ...(rows[key] as object), ...change.row };
  }
  return rows;
}

const envelope = (webhookEvent: string, rest: object) => ({ timestamp: at, webhookEvent, ...rest });
const cloudIssue = (fields: object = {}) => ({
  // On Cloud `self` sometimes lacks /issue/.
  id: '10001',
  self: `${site}/rest/api/2/10001`,
  key: 'A-1',
  fields: {
    summary: 'Login',
    description: 'h1. Steps',
    created: '2026-01-31T23:30:00.000-0800',
    updated: '2026-02-01T00:00:00.000-0800',
    project,
    issuetype: { name: 'Bug' },
    priority: { name: 'High' },
    status: { name: 'To Do', statusCategory: { key: 'new', name: 'New' } },
    labels: ['x'],
    creator: cloudUser,
    reporter: cloudUser,
    assignee: null,
    attachment: [],
    issuelinks: [],
    ...fields,
  },
});
const serverIssue = (fields: object = {}) => ({
  ...cloudIssue({
    creator: serverUser,
    reporter: serverUser,
    comment: {
      comments: [
        {
          id: '50',
          self: `${site}/rest/api/2/issue/10001/comment/50`,
          body: 'first',
          author: serverUser,
          created: '2026-02-01T09:00:00.000+0100',
          updated: '2026-02-01T09:00:00.000+0100',
        },
      ],
      total: 1,
    },
    ...fields,
  }),
  self: `${site}/rest/api/2/issue/10001`,
});
const changelog = {
  id: '900',
  items: [
    {
      field: 'status',
      fieldtype: 'jira',
      fieldId: 'status',
      from: '1',
      fromString: 'Open',
      to: '2',
      toString: 'To Do',
    },
  ],
};
const comment = {
  self: `${site}/rest/api/2/issue/10001/comment/50`,
  id: '50',
  body: 'first',
  author: cloudUser,
  updateAuthor: cloudUser,
  created: '2026-02-01T00:00:00.000-0800',
  updated: '2026-02-01T00:00:00.000-0800',
};
const worklog = {
  self: `${site}/rest/api/2/issue/10001/worklog/60`,
  author: cloudUser,
  updateAuthor: cloudUser,
  comment: 'did it',
  created: '2026-02-01T00:00:00.000-0800',
  updated: '2026-02-01T00:00:00.000-0800',
  started: '2026-01-31T22:00:00.000-0800',
  timeSpent: '1h',
  timeSpentSeconds: 3600,
  id: '60',
  issueId: '10001',
};
const attachment = {
  self: `${site}/rest/api/2/attachment/70`,
  id: '70',
  filename: 'a.png',
  author: cloudUser,
  created: '2026-02-01T00:00:00.000-0800',
  size: 12,
  mimeType: 'image/png',
  content: `${site}/secure/attachment/70/a.png?token=abc`,
};
const link = {
  id: 80,
  sourceIssueId: 10001,
  destinationIssueId: 10002,
  issueLinkType: {
    id: 1,
    name: 'Blocks',
    inwardName: 'is blocked by',
    outwardName: 'blocks',
    isSubTaskLinkType: false,
    isSystemLinkType: false,
  },
  systemLink: false,
  sequence: null,
};
const sprint = {
  id: 4,
  self: `${site}/rest/agile/1.0/sprint/4`,
  state: 'active',
  name: 'Sprint 4',
  startDate: '2026-02-01T08:00:00.000Z',
  endDate: '2026-02-15T08:00:00.000Z',
  originBoardId: 2,
  goal: 'ship',
};
const board = { id: 2, self: `${site}/rest/agile/1.0/board/2`, name: 'Team', type: 'scrum' };
const fullProject = (lead: object) => ({
  self: `${site}/rest/api/2/project/7`,
  id: 7,
  key: 'A',
  name: 'Alfa',
  projectLead: lead,
  assigneeType: 'admin.assignee.type.unassigned',
});
const version = {
  self: `${site}/rest/api/2/version/90`,
  id: '90',
  description: 'May',
  name: '1.0',
  archived: false,
  released: true,
  releaseDate: '2026-05-01',
  userReleaseDate: '1/V/26',
  projectId: 7,
};

const issueRow = {
  issue_id: undefined,
  issue_key: 'A-1',
  summary: 'Login',
  created_at: '2026-02-01 07:30:00.000000',
  updated_at: '2026-02-01 08:00:00.000000',
  status_category: 'new',
  labels: '["x"]',
  _hydrated: true,
};

const shapes: [string, object, Rows][] = [
  [
    'jira:issue_created, Cloud: with a changelog of first values, without comments',
    envelope('jira:issue_created', {
      user: cloudUser,
      issue_event_type_name: 'issue_created',
      issue: cloudIssue(),
      changelog,
    }),
    {
      'issues/10001': { ...issueRow, creator_account_id: '557058:ann', assignee_account_id: null },
      'changelog/900/0': { from_value: 'Open', to_value: 'To Do', changed_at: '2026-02-01 08:00:00.000000' },
      'issue_keys/A-1': { issue_id: '10001' },
    },
  ],
  [
    'jira:issue_updated, Server: with every comment, persons by key, `?` for a hidden email',
    envelope('jira:issue_updated', {
      user: serverUser,
      issue_event_type_name: 'issue_generic',
      issue: serverIssue(),
      changelog,
    }),
    {
      'issues/10001': { ...issueRow, creator_account_id: 'JIRAUSER10100', creator_email: null },
      'comments/50': {
        issue_id: '10001',
        body: 'first',
        created_at: '2026-02-01 08:00:00.000000',
        public_visibility: null,
      },
    },
  ],
  [
    'jira:issue_updated with description, fields and change items that are null or empty',
    envelope('jira:issue_updated', {
      issue: cloudIssue({ description: null, labels: null, issuelinks: null }),
      changelog: { id: 901, items: [] },
    }),
    { 'issues/10001': { description: null, labels: '[]' } },
  ],
  [
    'jira:issue_deleted: without changelog or type name, pages of comments and worklogs with it',
    envelope('jira:issue_deleted', { user: cloudUser, issue: serverIssue() }),
    { 'issues/10001': 'gone', 'comments/50': { issue_id: '10001' } },
  ],
  [
    'a bulk operation of a dynamic webhook',
    envelope('jira:issue_updated', {
      issue: cloudIssue(),
      bulkOperationMetaData: { sendMail: false },
      matchedWebhookIds: [1],
    }),
    { 'issues/10001': issueRow },
  ],
  [
    'a move: the items Key and project, the id stays',
    envelope('jira:issue_updated', {
      issue_event_type_name: 'issue_moved',
      issue: { ...cloudIssue(), key: 'B-9' },
      changelog: {
        id: '902',
        items: [
          {
            field: 'project',
            fieldtype: 'jira',
            fieldId: 'project',
            from: '7',
            fromString: 'Alfa',
            to: '8',
            toString: 'Beta',
          },
          { field: 'Key', fieldtype: 'jira', from: null, fromString: 'A-1', to: null, toString: 'B-9' },
        ],
      },
    }),
    {
      'issue_keys/A-1': { issue_id: '10001' },
      'issue_keys/B-9': { issue_id: '10001' },
      'changelog/902/1': { field_name: 'Key', field_id: null, from_value: 'A-1', to_value: 'B-9' },
    },
  ],
  [
    'comment_created, Cloud: a stub of six fields and a boolean jsdPublic',
    envelope('comment_created', {
      comment: { ...comment, jsdPublic: false },
      issue: {
        id: '10001',
        self: `${site}/rest/api/2/issue/10001`,
        key: 'A-1',
        fields: {
          summary: 'Login',
          issuetype: { name: 'Bug' },
          project,
          assignee: null,
          priority: { name: 'High' },
          status: { name: 'To Do', statusCategory: { key: 'new' } },
        },
      },
    }),
    {
      'comments/50': { issue_id: '10001', body: 'first', public_visibility: false, author_account_id: '557058:ann' },
      'issues/10001': { summary: 'Login', _hydrated: false },
    },
  ],
  [
    'comment_updated, Server: no issue, its id stands in the address alone',
    envelope('comment_updated', { comment: { ...comment, author: serverUser }, user: serverUser }),
    { 'comments/50': { issue_id: '10001', author_account_id: 'JIRAUSER10100', public_visibility: null } },
  ],
  ['comment_deleted, Server', envelope('comment_deleted', { comment }), { 'comments/50': 'gone' }],
  [
    'worklog_created, Cloud: the issue by id alone',
    envelope('worklog_created', { worklog, isFromIssueLimitTransformation: false }),
    {
      'worklogs/60': {
        issue_id: '10001',
        time_spent_seconds: 3600,
        comment: 'did it',
        started_at: '2026-02-01 06:00:00.000000',
      },
    },
  ],
  [
    'worklog_deleted',
    envelope('worklog_deleted', { worklog, isFromIssueLimitTransformation: false }),
    { 'worklogs/60': 'gone' },
  ],
  [
    'jira:worklog_updated, the old form that carries an issue',
    envelope('jira:worklog_updated', { user: serverUser, issue: serverIssue() }),
    { 'issues/10001': issueRow },
  ],
  [
    'attachment_created: no issue at all',
    envelope('attachment_created', { attachment }),
    {
      'attachments/70': {
        filename: 'a.png',
        size_bytes: 12,
        content_url: `${site}/secure/attachment/70/a.png?token=REDACTED`,
      },
    },
  ],
  ['attachment_deleted', envelope('attachment_deleted', { attachment }), { 'attachments/70': 'gone' }],
  [
    'issuelink_created: numbers, no keys',
    envelope('issuelink_created', { issueLink: link }),
    {
      'issue_links/80': {
        link_type: 'Blocks',
        inward_name: 'is blocked by',
        outward_name: 'blocks',
        source_issue_id: '10001',
        destination_issue_id: '10002',
      },
    },
  ],
  [
    'issuelink_created of the system: an epic’s story stands in the issue instead',
    envelope('issuelink_created', {
      issueLink: {
        ...link,
        systemLink: true,
        issueLinkType: { ...link.issueLinkType, name: 'jira_gh_epic_story', isSystemLinkType: true },
      },
    }),
    {},
  ],
  ['issuelink_deleted', envelope('issuelink_deleted', { issueLink: link }), { 'issue_links/80': 'gone' }],
  [
    'sprint_updated: with the old value, times in Z',
    envelope('sprint_updated', { sprint, oldValue: { ...sprint, name: 'Old' } }),
    {
      'sprints/4': {
        name: 'Sprint 4',
        board_id: '2',
        state: 'active',
        started_at: '2026-02-01 08:00:00.000000',
        goal: 'ship',
      },
    },
  ],
  ['sprint_deleted', envelope('sprint_deleted', { sprint }), { 'sprints/4': 'gone' }],
  ['board_created', envelope('board_created', { board }), { 'boards/2': { name: 'Team', type: 'scrum' } }],
  [
    'board_configuration_changed: a configuration',
    envelope('board_configuration_changed', { configuration: board }),
    { 'boards/2': { name: 'Team' } },
  ],
  [
    'project_created, Cloud',
    envelope('project_created', { project: fullProject(cloudUser) }),
    {
      'projects/7': {
        project_key: 'A',
        project_name: 'Alfa',
        lead_account_id: '557058:ann',
        archived: false,
        trashed: false,
      },
    },
  ],
  [
    'project_updated, Server',
    envelope('project_updated', { project: fullProject(serverUser) }),
    { 'projects/7': { lead_account_id: 'JIRAUSER10100' } },
  ],
  [
    'project_soft_deleted hides',
    envelope('project_soft_deleted', { project: fullProject(cloudUser) }),
    { 'projects/7': { trashed: true } },
  ],
  [
    'project_restored_deleted shows again',
    envelope('project_restored_deleted', { project: fullProject(cloudUser) }),
    { 'projects/7': { trashed: false } },
  ],
  [
    'project_deleted is final',
    envelope('project_deleted', { project: fullProject(cloudUser) }),
    { 'projects/7': 'gone' },
  ],
  [
    'jira:version_released: the localised date is not looked at',
    envelope('jira:version_released', { version }),
    { 'versions/90': { project_id: '7', name: '1.0', released: true, release_date: '2026-05-01' } },
  ],
  [
    'jira:version_deleted with mergedTo: a merge',
    envelope('jira:version_deleted', { version, mergedTo: { ...version, id: '91' } }),
    { 'versions/90': 'gone' },
  ],
  [
    'user_created, Cloud: no email',
    envelope('user_created', { user: cloudUser }),
    { 'users/557058:ann': { display_name: 'Ann', active: true, time_zone: 'Europe/Prague' } },
  ],
  [
    'user_updated, Server: active as text',
    envelope('user_updated', { user: serverUser }),
    { 'users/JIRAUSER10100': { active: true } },
  ],
  [
    'user_deleted: two bare keys, no name, no time',
    { accountId: '557058:ann', username: 'ann' },
    { 'users/557058:ann': 'gone' },
  ],
];

test.each(shapes)('%s', (_what, body, wanted) => {
  const found = meaning(body);
  for (const [key, row] of Object.entries(wanted)) {
    if (row === 'gone') expect(found[key]).toBe('gone');
    else
      expect(found[key]).toMatchObject(
        Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)),
      );
  }
  if (Object.keys(wanted).length === 0) expect(found).toEqual({});
});
