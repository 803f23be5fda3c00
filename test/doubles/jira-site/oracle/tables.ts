/** The truth: what each published table must hold, told by the site itself and by nobody's fold of events. */
import type { SiteContext } from '../context.ts';
import { isOrdinaryLink } from '../model/links.ts';
import { isLinkVisible, visibleIssues } from '../model/state.ts';
import { issueKeyRows, issueRow } from './issues.ts';
import { attachmentRow, changelogRows, commentRow, remoteLinkRow, worklogRow } from './parts.ts';
import { boardRow, componentRow, issueLinkRow, projectRow, sprintRow, userRow, versionRow } from './planning.ts';
import type { Row } from './row.ts';

/** The key columns of each table; rows come sorted by them. */
export const tableKeys = {
  issues: ['issue_id'],
  issue_keys: ['issue_id', 'issue_key'],
  comments: ['comment_id'],
  worklogs: ['worklog_id'],
  attachments: ['attachment_id'],
  changelog: ['change_id', 'item_position'],
  issue_links: ['link_id'],
  remote_links: ['issue_id', 'remote_link_id'],
  projects: ['project_id'],
  versions: ['version_id'],
  sprints: ['sprint_id'],
  boards: ['board_id'],
  users: ['account_id'],
  components: ['component_id'],
} as const;

export type TableName = keyof typeof tableKeys;
export type ExpectedTables = Record<TableName, Row[]>;

/** Columns that describe another thing, so that an event body about this one can be out of date in them. */
export const lookedUpColumns = [
  'project_name',
  'creator_name',
  'creator_email',
  'reporter_name',
  'reporter_email',
  'assignee_name',
  'assignee_email',
  'author_name',
  'author_email',
  'update_author_name',
  'update_author_email',
  'epic_key',
] as const;

/** What no webhook ever tells: only a site read through REST can have these right. */
export const restOnly = { tables: ['remote_links', 'components'], columns: { boards: ['project_id'] } } as const;

export function expectedTables(context: SiteContext): ExpectedTables {
  const { state } = context;
  const issues = visibleIssues(state);
  const links = [...state.links.values()].filter((link) => isOrdinaryLink(link) && isLinkVisible(state, link));
  const projects = [...state.projects.values()].filter((project) => project.state !== 'trashed');
  const here = new Set(projects.map((project) => project.id));
  const inside = <T extends { projectId: number }>(parts: Map<number, T>) =>
    [...parts.values()].filter((part) => here.has(part.projectId));
  return sortAll({
    issues: issues.map((issue) => issueRow(context, issue)),
    issue_keys: issues.flatMap(issueKeyRows),
    comments: issues.flatMap((issue) => issue.comments.map((comment) => commentRow(context, issue, comment))),
    worklogs: issues.flatMap((issue) => issue.worklogs.map((worklog) => worklogRow(context, issue, worklog))),
    attachments: issues.flatMap((issue) => issue.attachments.map((file) => attachmentRow(context, issue, file))),
    changelog: issues.flatMap((issue) => issue.history.flatMap((history) => changelogRows(context, issue, history))),
    issue_links: links.map((link) => issueLinkRow(context, link)),
    remote_links: issues.flatMap((issue) => issue.remoteLinks.map((link) => remoteLinkRow(issue, link))),
    projects: projects.map(projectRow),
    versions: inside(state.versions).map(versionRow),
    sprints: [...state.sprints.values()].map(sprintRow),
    boards: [...state.boards.values()].map(boardRow),
    users: [...state.users.values()].filter((user) => !user.deleted).map((user) => userRow(context, user)),
    components: inside(state.components).map(componentRow),
  });
}

function sortAll(tables: ExpectedTables): ExpectedTables {
  for (const name of Object.keys(tableKeys) as TableName[]) {
    const sortKey = (row: Row) => tableKeys[name].map((column) => String(row[column])).join('\u0000');
    tables[name].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  }
  return tables;
}
