/** The tables of a Jira source. Ids are text everywhere; times are UTC; a person is an account id, a name and, where the site tells it, an email. */
import type { DerivedColumn, ReceivedColumn, ReceivedTable } from '../receive-way.ts';
import { counts, person, text, times } from './columns.ts';
import { issueColumns, issueMarks, misfitMark } from './issue-columns.ts';
import type { JiraSettings } from './settings.ts';

export type TableName =
  | 'issues'
  | 'issue_keys'
  | 'comments'
  | 'worklogs'
  | 'attachments'
  | 'changelog'
  | 'issue_links'
  | 'remote_links'
  | 'projects'
  | 'versions'
  | 'components'
  | 'boards'
  | 'sprints'
  | 'users';

export function tableId({ prefix }: Pick<JiraSettings, 'prefix'>, name: TableName): string {
  return prefix + name;
}

/** Parents before children. */
export function tables(settings: JiraSettings): ReceivedTable[] {
  const id = (name: TableName) => tableId(settings, name);
  const ofIssue = { table: id('issues'), column: 'issue_id' };
  const ofProject = { table: id('projects'), column: 'project_id' };
  const issueKey: DerivedColumn = {
    kind: 'value',
    column: 'issue_key',
    table: id('issues'),
    by: 'issue_id',
    value: 'issue_key',
  };
  return [
    {
      id: id('projects'),
      description: 'Jira projects outside the trash.',
      primary_key: ['project_id'],
      hiddenBy: 'trashed',
      columns: [
        ...text('project_id', 'project_key', 'project_name', 'lead_account_id'),
        { name: 'archived', type: 'BOOLEAN', group: 'archive' },
        { name: 'trashed', type: 'BOOLEAN', group: 'trash', internal: true },
      ],
    },
    issues(settings, ofProject),
    {
      id: id('issue_keys'),
      description: 'Every key an issue has or had, so that old keys still lead to it.',
      primary_key: ['issue_key'],
      parents: [ofIssue],
      columns: [...text('issue_id', 'issue_key'), { name: 'is_current', type: 'BOOLEAN' }],
      derived: [
        {
          kind: 'same',
          column: 'is_current',
          table: id('issues'),
          by: 'issue_id',
          value: 'issue_key',
          same: 'issue_key',
        },
      ],
    },
    {
      id: id('comments'),
      description: 'Comments of issues.',
      primary_key: ['comment_id'],
      month: 'created_at',
      parents: [ofIssue],
      columns: [
        ...text('comment_id', 'issue_id', 'issue_key'),
        ...person('author'),
        ...person('update_author'),
        ...text('body', 'body_text'),
        ...times('created_at', 'updated_at'),
        { name: 'public_visibility', type: 'BOOLEAN', group: 'visibility' },
      ],
      derived: [issueKey],
    },
    {
      id: id('worklogs'),
      description: 'Work logged on issues.',
      primary_key: ['worklog_id'],
      month: 'created_at',
      parents: [ofIssue],
      columns: [
        ...text('worklog_id', 'issue_id', 'issue_key'),
        ...person('author'),
        ...person('update_author'),
        ...text('comment'),
        ...times('started_at'),
        ...counts('time_spent_seconds'),
        ...times('created_at', 'updated_at'),
      ],
      derived: [issueKey],
    },
    {
      id: id('attachments'),
      description: 'Files attached to issues; the files themselves stay in Jira.',
      primary_key: ['attachment_id'],
      month: 'created_at',
      parents: [ofIssue],
      required: ['issue_id'],
      columns: [
        ...text('attachment_id'),
        { name: 'issue_id', type: 'VARCHAR', group: 'owner' },
        ...text('issue_key', 'filename'),
        ...counts('size_bytes'),
        ...text('mime_type'),
        ...person('author'),
        ...times('created_at'),
        ...text('content_url', 'thumbnail_url'),
      ],
      derived: [issueKey],
    },
    {
      id: id('changelog'),
      description: 'Every change of a field of an issue; one row for each item of a change.',
      primary_key: ['change_id', 'item_position'],
      month: 'changed_at',
      parents: [ofIssue],
      columns: [
        ...text('change_id'),
        ...counts('item_position'),
        ...text('issue_id', 'issue_key'),
        ...person('author'),
        ...text('field_name', 'field_type', 'field_id', 'from_id', 'from_value', 'to_id', 'to_value'),
        ...times('changed_at'),
      ],
      derived: [issueKey],
    },
    {
      id: id('issue_links'),
      description: 'Links between issues: one row for each link, from its source to its destination.',
      primary_key: ['link_id'],
      parents: [
        { table: id('issues'), column: 'source_issue_id' },
        { table: id('issues'), column: 'destination_issue_id' },
      ],
      columns: text(
        'link_id',
        'link_type',
        'inward_name',
        'outward_name',
        'source_issue_id',
        'source_issue_key',
        'destination_issue_id',
        'destination_issue_key',
      ),
      derived: ['source_issue', 'destination_issue'].map((end) => ({
        kind: 'value',
        column: `${end}_key`,
        table: id('issues'),
        by: `${end}_id`,
        value: 'issue_key',
      })),
    },
    {
      id: id('remote_links'),
      description: 'Links from issues to other places; known only where credentials are configured.',
      primary_key: ['issue_id', 'remote_link_id'],
      parents: [ofIssue],
      columns: text('issue_id', 'issue_key', 'remote_link_id', 'url', 'title', 'application_name', 'application_type'),
      derived: [issueKey],
    },
    {
      id: id('versions'),
      description: 'Versions of projects.',
      primary_key: ['version_id'],
      parents: [ofProject],
      columns: [
        ...text('version_id', 'project_id', 'name', 'description'),
        { name: 'released', type: 'BOOLEAN' },
        { name: 'archived', type: 'BOOLEAN', group: 'archive' },
        { name: 'start_date', type: 'DATE' },
        { name: 'release_date', type: 'DATE' },
      ],
    },
    {
      id: id('components'),
      description: 'Components of projects, as far as issues or the site named them.',
      primary_key: ['component_id'],
      parents: [ofProject],
      columns: [
        ...text('component_id', 'project_id', 'name', 'description'),
        { name: 'lead_account_id', type: 'VARCHAR', group: 'lead' },
      ],
    },
    {
      id: id('boards'),
      description: 'Boards.',
      primary_key: ['board_id'],
      columns: [...text('board_id', 'name', 'type'), { name: 'project_id', type: 'VARCHAR', group: 'place' }],
    },
    {
      id: id('sprints'),
      description: 'Sprints.',
      primary_key: ['sprint_id'],
      columns: [
        ...text('sprint_id', 'board_id', 'name', 'state', 'goal'),
        ...times('created_at', 'started_at', 'ends_at', 'completed_at'),
      ],
    },
    {
      id: id('users'),
      description: 'People the site has told of.',
      primary_key: ['account_id'],
      columns: [
        ...text('account_id', 'display_name'),
        { name: 'email', type: 'VARCHAR', group: 'email' },
        { name: 'active', type: 'BOOLEAN' },
        ...text('time_zone'),
      ],
    },
  ];
}

function issues(settings: JiraSettings, ofProject: { table: string; column: string }): ReceivedTable {
  const id = (name: TableName) => tableId(settings, name);
  const promoted = Object.entries(settings.custom_fields);
  return {
    id: id('issues'),
    description: 'Jira issues, one row each, as of their newest change.',
    primary_key: ['issue_id'],
    month: 'created_at',
    parents: [ofProject],
    misfit: misfitMark,
    columns: [
      ...issueColumns,
      ...promoted.map(([, { column, type }]): ReceivedColumn => ({ name: column, type })),
      ...issueMarks,
    ],
    derived: [
      {
        kind: 'value',
        column: 'epic_id',
        table: id('issue_keys'),
        by: 'epic_ref',
        value: 'issue_id',
        otherwise: 'epic_told_id',
      },
      {
        kind: 'value',
        column: 'epic_key',
        table: id('issues'),
        by: 'epic_id',
        value: 'issue_key',
        otherwise: 'epic_ref',
      },
      { kind: 'count', column: 'attachment_count', table: id('attachments'), by: ['issue_id'] },
      { kind: 'count', column: 'comment_count', table: id('comments'), by: ['issue_id'] },
      {
        kind: 'count',
        column: 'issuelink_count',
        table: id('issue_links'),
        by: ['source_issue_id', 'destination_issue_id'],
      },
      ...promoted.map(
        ([member, { column }]): DerivedColumn => ({ kind: 'member', column, from: 'custom_fields', member }),
      ),
    ],
  };
}
