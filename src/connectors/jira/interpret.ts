/** What one event means. It is read by the entities it holds; its name decides only what became of them. */
import type { ReceivedChange, StoredEvent } from '../receive-way.ts';
import { parseEvent } from './envelope.ts';
import { type Evidence, gone } from './evidence.ts';
import { interpretPolled } from './interpret-polled.ts';
import { idAt, type JsonObject, objectAt, textAt } from './json.ts';
import { attachmentRows } from './rows/attachment.ts';
import { changeRows } from './rows/changelog.ts';
import { commentRows } from './rows/comment.ts';
import { issueRows } from './rows/issue.ts';
import { linkEventRows } from './rows/link.ts';
import { accountId } from './rows/person.ts';
import { boardRows, projectRows, sprintRows, userRows, versionRows } from './rows/planning.ts';
import { worklogRows } from './rows/worklog.ts';
import type { JiraSettings } from './settings.ts';

export function interpret(settings: JiraSettings, event: StoredEvent): ReceivedChange[] {
  const body = parseEvent(event.body);
  if (event.origin === 'polled') return interpretPolled(settings, body);
  const evidence = { settings, at: event.occurredAt ?? event.receivedAt };
  const name = textAt(body, 'webhookEvent') ?? '';
  return name === '' ? nameless(evidence, body) : named(evidence, name, body);
}

/** A deleted user is two bare keys, without name or time. */
function nameless(evidence: Evidence, body: JsonObject): ReceivedChange[] {
  const id = idAt(body, 'accountId');
  return id !== null && Object.hasOwn(body, 'username') ? [gone(evidence, 'users', id)] : [];
}

function named(evidence: Evidence, name: string, body: JsonObject): ReceivedChange[] {
  const isDeleted = /_deleted$/.test(name) && !/_(soft|restored)_deleted$/.test(name);
  if (/^(jira:)?issue_|^jira:worklog_/.test(name)) return ofIssue(evidence, name, body, isDeleted);
  if (name.startsWith('comment_')) return ofComment(evidence, body, isDeleted);
  if (name.startsWith('worklog_'))
    return either(evidence, 'worklogs', objectAt(body, 'worklog'), isDeleted, (one) => worklogRows(evidence, one));
  if (name.startsWith('attachment_'))
    return either(evidence, 'attachments', objectAt(body, 'attachment'), isDeleted, (one) =>
      attachmentRows(evidence, one, idAt(body.issue)),
    );
  if (name.startsWith('issuelink_'))
    return either(evidence, 'issue_links', objectAt(body, 'issueLink'), isDeleted, (one) =>
      linkEventRows(evidence, one),
    );
  if (name.startsWith('sprint_'))
    return either(evidence, 'sprints', objectAt(body, 'sprint'), isDeleted, (one) => sprintRows(evidence, one));
  if (name.startsWith('board_'))
    return either(evidence, 'boards', objectAt(body, 'board') ?? objectAt(body, 'configuration'), isDeleted, (one) =>
      boardRows(evidence, one),
    );
  if (name.startsWith('project_'))
    return either(evidence, 'projects', objectAt(body, 'project'), isDeleted, (one) =>
      projectRows(evidence, one, name),
    );
  if (name.startsWith('jira:version_')) return ofVersion(evidence, name, body, isDeleted);
  if (name.startsWith('user_')) return ofUser(evidence, body, isDeleted);
  return [];
}

type Deletable = Parameters<typeof gone>[1];

function either(
  evidence: Evidence,
  table: Deletable,
  entity: JsonObject | null,
  isDeleted: boolean,
  rows: (entity: JsonObject) => ReceivedChange[],
): ReceivedChange[] {
  const id = idAt(entity);
  if (entity === null || id === null) return [];
  return isDeleted ? [gone(evidence, table, id)] : rows(entity);
}

function ofIssue(evidence: Evidence, name: string, body: JsonObject, isDeleted: boolean): ReceivedChange[] {
  const issue = objectAt(body, 'issue');
  const id = idAt(issue);
  if (id === null || name.startsWith('issue_property_')) return [];
  const changelog = objectAt(body, 'changelog');
  const change = { id: idAt(changelog), items: changelog?.items, author: body.user, at: evidence.at };
  // Server adds the comment to the issue's event, also the one that was deleted.
  const comment = textAt(body, 'issue_event_type_name') === 'issue_comment_deleted' ? null : objectAt(body, 'comment');
  return [
    ...issueRows(evidence, issue),
    ...(changelog === null ? [] : changeRows(evidence, id, change)),
    ...(comment === null ? [] : commentRows(evidence, comment, id)),
    ...(isDeleted && name === 'jira:issue_deleted' ? [gone(evidence, 'issues', id)] : []),
  ];
}

function ofComment(evidence: Evidence, body: JsonObject, isDeleted: boolean): ReceivedChange[] {
  const comment = objectAt(body, 'comment');
  const id = idAt(comment);
  if (id === null) return [];
  const rows = isDeleted ? [gone(evidence, 'comments', id)] : commentRows(evidence, comment, idAt(body.issue));
  return [...rows, ...issueRows(evidence, body.issue)];
}

/** A merge is a deletion that says where its issues went. */
function ofVersion(evidence: Evidence, name: string, body: JsonObject, isDeleted: boolean): ReceivedChange[] {
  const isGone = isDeleted || (name === 'jira:version_merged' && objectAt(body, 'mergedTo') !== null);
  const archived = name === 'jira:version_created' ? false : null;
  return either(evidence, 'versions', objectAt(body, 'version'), isGone, (one) => versionRows(evidence, one, archived));
}

function ofUser(evidence: Evidence, body: JsonObject, isDeleted: boolean): ReceivedChange[] {
  const user = objectAt(body, 'user') ?? body;
  const id = accountId(user);
  if (id === null) return [];
  return isDeleted ? [gone(evidence, 'users', id)] : userRows(evidence, user);
}
