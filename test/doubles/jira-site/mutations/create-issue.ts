/** A new issue: its key, its initial history, its event, and the link Jira makes for sub-tasks and epics. */
import { emitIssueEvent } from '../bodies/issue.ts';
import { emitLink } from '../bodies/planning.ts';
import type { SiteContext } from '../context.ts';
import { epicLinkTypeId, subtaskLinkTypeId, subtaskTypeId } from '../model/catalogue.ts';
import type { ChangeItem, Issue, Project } from '../model/records.ts';
import { addTo, putLink } from '../model/state.ts';
import { statusItem, textItem } from './change-items.ts';
import { applyPatch, type IssuePatch } from './issue-patch.ts';
import { actorOf, record, touch } from './recording.ts';

export interface NewIssue extends IssuePatch {
  project: Project;
  summary: string;
  typeId?: number;
  /** Makes a sub-task. */
  parent?: Issue;
  /** Files added in the same step: they send no event of their own. */
  files?: readonly { filename: string; size?: number; mimeType?: string }[];
  by?: string;
}

export function createIssue(context: SiteContext, fields: NewIssue): Issue {
  const { project, parent, files = [], by, typeId, ...patch } = fields;
  if (project.state !== 'live') throw new Error(`Project ${project.key} takes no issues: it is ${project.state}`);
  const actor = actorOf(context, by);
  const at = context.clock.tick();
  const issue = blankIssue(context, project, actor.accountId, at);
  issue.typeId = parent ? subtaskTypeId : (typeId ?? 10001);
  issue.parentId = parent?.id ?? null;
  const items = [...initialItems(issue), ...applyPatch(context.state, issue, patch)];
  context.state.issues.set(issue.id, issue);
  context.state.keys.set(issue.key, issue.id);
  if (parent) addTo(context.state.subtasks, parent.id, issue.id);
  for (const file of files) issue.attachments.push(newAttachment(context, issue.id, actor.accountId, at, file));
  touch(issue, at);
  const history = record(context, issue, at, actor.accountId, items);
  emitIssueEvent(context, { event: 'jira:issue_created', typeName: 'issue_created', issue, actor, at, history });
  linkSystem(context, issue, at);
  return issue;
}

function blankIssue(context: SiteContext, project: Project, creatorId: string, at: number): Issue {
  project.counter += 1;
  const key = `${project.key}-${project.counter}`;
  return {
    id: context.nextId('issue'),
    key,
    keys: [key],
    projectId: project.id,
    typeId: 10001,
    summary: '',
    description: null,
    statusId: 10000,
    priorityId: 3,
    resolutionId: null,
    creatorId,
    reporterId: creatorId,
    assigneeId: null,
    created: at,
    updated: at,
    resolved: null,
    dueDate: null,
    labels: [],
    parentId: null,
    epicId: null,
    componentIds: [],
    fixVersionIds: [],
    affectedVersionIds: [],
    sprintIds: [],
    custom: {},
    comments: [],
    worklogs: [],
    attachments: [],
    remoteLinks: [],
    history: [],
    indexed: [],
  };
}

/** The changelog of a created issue is present though undocumented: it holds the initial values. */
function initialItems(issue: Issue): ChangeItem[] {
  const status = statusItem(issue.statusId, issue.statusId);
  return [{ ...status, from: null, fromText: null }, textItem('reporter', 'reporter', null, issue.reporterId)];
}

export function newAttachment(
  context: SiteContext,
  issueId: number,
  authorId: string,
  created: number,
  file: { filename: string; size?: number; mimeType?: string },
) {
  const { filename, size = 2_048, mimeType = 'text/plain' } = file;
  return { id: context.nextId('attachment'), issueId, filename, size, mimeType, authorId, created };
}

function linkSystem(context: SiteContext, issue: Issue, at: number): void {
  const wire = (typeId: number, sourceId: number) => {
    const link = { id: context.nextId('link'), typeId, sourceId, destinationId: issue.id };
    putLink(context.state, link);
    emitLink(context, 'created', link, at, 'Secondary');
  };
  if (issue.parentId !== null) wire(subtaskLinkTypeId, issue.parentId);
  if (issue.epicId !== null) wire(epicLinkTypeId, issue.epicId);
}
