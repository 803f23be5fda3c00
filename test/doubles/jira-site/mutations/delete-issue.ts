/** The end of an issue: its sub-tasks go too; what becomes of links and parts is told or not, as the site is set. */
import { emitIssueEvent } from '../bodies/issue.ts';
import { emitAttachment, emitComment, emitWorklog } from '../bodies/parts.ts';
import { emitLink } from '../bodies/planning.ts';
import type { SiteContext } from '../context.ts';
import { epicTypeId } from '../model/catalogue.ts';
import type { Issue, IssueLink, User } from '../model/records.ts';
import { dropLink, isEditable, linksOf, subtasksOf } from '../model/state.ts';
import { applyPatch, type IssuePatch } from './issue-patch.ts';
import { touchEnd } from './links.ts';
import { actorOf, assertEditable, changeIssue } from './recording.ts';

export function deleteIssue(context: SiteContext, issue: Issue, by?: string): void {
  assertEditable(context, issue);
  const actor = actorOf(context, by);
  for (const child of subtasksOf(context.state, issue.id)) deleteOne(context, child, actor);
  deleteOne(context, issue, actor);
}

function deleteOne(context: SiteContext, issue: Issue, actor: User): void {
  const at = context.clock.tick();
  emitIssueEvent(context, { event: 'jira:issue_deleted', typeName: '', issue, actor, at });
  if (context.options.cascade === 'all') tellParts(context, issue, actor, at);
  const links = linksOf(context.state, issue.id);
  for (const link of links) dropLink(context.state, link);
  removeIssue(context, issue, at);
  if (context.options.cascade === 'all') for (const link of links) tellLink(context, link, issue, actor, at);
  detachEpic(context, issue, actor);
}

/** Fallout of the deletion, announced later: by then the parent is gone. */
function tellParts(context: SiteContext, issue: Issue, actor: User, at: number): void {
  const how = { actor, at, flow: 'Secondary' as const };
  for (const comment of issue.comments) emitComment(context, 'deleted', issue, comment, how);
  for (const worklog of issue.worklogs) emitWorklog(context, 'deleted', worklog, how);
  for (const attachment of issue.attachments) emitAttachment(context, 'deleted', attachment, how);
}

function tellLink(context: SiteContext, link: IssueLink, gone: Issue, actor: User, at: number): void {
  emitLink(context, 'deleted', link, at, 'Secondary');
  touchEnd(context, link, link.sourceId === gone.id ? link.destinationId : link.sourceId, 'gone', actor);
}

/** Takes the issue out of the site; its keys stay reserved. */
export function removeIssue(context: SiteContext, issue: Issue, at: number): void {
  for (const worklog of issue.worklogs) context.state.deletedWorklogs.push({ id: worklog.id, at });
  context.state.issues.delete(issue.id);
  context.state.subtasks.delete(issue.id);
  if (issue.parentId !== null) context.state.subtasks.get(issue.parentId)?.delete(issue.id);
  for (const key of issue.keys) context.state.keys.delete(key);
}

/** Stories of a deleted epic lose it, each with an event of its own; those in a trashed project on its return. */
function detachEpic(context: SiteContext, epic: Issue, actor: User): void {
  if (epic.typeId !== epicTypeId) return;
  for (const story of context.state.issues.values()) {
    if (story.epicId === epic.id && isEditable(context.state, story)) tidyIssue(context, story, actor);
  }
}

/** Takes references to what no longer exists out of an issue, as an update of its own. */
export function tidyIssue(context: SiteContext, issue: Issue, actor: User): void {
  const { state } = context;
  const patch: IssuePatch = { sprintIds: issue.sprintIds.filter((id) => state.sprints.has(id)) };
  if (issue.epicId !== null && !state.issues.has(issue.epicId)) patch.epicId = null;
  const items = applyPatch(state, issue, patch);
  if (items.length === 0) return;
  const at = context.clock.tick();
  changeIssue(context, { issue, at, actor, items, typeName: 'issue_updated' }, { flow: 'Secondary' });
}
