/** The rows of `issues` and `issue_keys`. */
import type { SiteContext } from '../context.ts';
import { entry, issueTypes, priorities, resolutions, statuses } from '../model/catalogue.ts';
import { customFields } from '../model/custom-fields.ts';
import { isOrdinaryLink } from '../model/links.ts';
import type { CustomValue, Issue } from '../model/records.ts';
import { isLinkVisible, linksOf, must } from '../model/state.ts';
import { microseconds } from '../model/times.ts';
import { idList, moment, person, type Row } from './row.ts';

export function issueRow(context: SiteContext, issue: Issue): Row {
  const { state, options } = context;
  const project = must(state.projects, issue.projectId, 'project');
  const status = entry(statuses, issue.statusId);
  const epic = issue.epicId === null ? undefined : state.issues.get(issue.epicId);
  const parentId = issue.parentId ?? (options.flavour === 'cloud' ? (epic?.id ?? null) : null);
  const links = linksOf(state, issue.id).filter((link) => isOrdinaryLink(link) && isLinkVisible(state, link));
  return {
    issue_id: String(issue.id),
    issue_key: issue.key,
    issue_url: `${context.siteUrl()}/browse/${issue.key}`,
    summary: issue.summary,
    description: issue.description,
    issue_type: entry(issueTypes, issue.typeId).name,
    status: status.name,
    status_category: status.category,
    priority: entry(priorities, issue.priorityId).name,
    resolution: issue.resolutionId === null ? null : entry(resolutions, issue.resolutionId).name,
    project_id: String(project.id),
    project_key: project.key,
    project_name: project.name,
    ...person(context, 'creator', issue.creatorId),
    ...person(context, 'reporter', issue.reporterId),
    ...person(context, 'assignee', issue.assigneeId),
    created_at: moment(issue.created),
    updated_at: moment(issue.updated),
    resolved_at: moment(issue.resolved),
    due_date: issue.dueDate,
    labels: JSON.stringify(issue.labels),
    attachment_count: issue.attachments.length,
    comment_count: issue.comments.length,
    issuelink_count: links.length,
    parent_id: parentId === null ? null : String(parentId),
    epic_id: epic ? String(epic.id) : null,
    epic_key: epic?.key ?? null,
    component_ids: idList(issue.componentIds),
    fix_version_ids: idList(issue.fixVersionIds),
    affected_version_ids: idList(issue.affectedVersionIds),
    sprint_ids: idList(issue.sprintIds.filter((id) => state.sprints.has(id))),
    custom_fields: customFieldsText(issue),
  };
}

/** The filled fields by id: options as their text, people as account ids, moments as UTC text. */
function customFieldsText(issue: Issue): string {
  const filled = Object.entries(issue.custom).filter(([, value]) => value !== null);
  return JSON.stringify(Object.fromEntries(filled.sort(([a], [b]) => (a < b ? -1 : 1)).map(plain)));
}

function plain([id, value]: [string, CustomValue]): [string, unknown] {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return [id, value.raw];
  const kind = customFields.find((field) => field.id === id)?.kind;
  return [id, kind === 'moment' ? microseconds(Number(value)) : value];
}

export function issueKeyRows(issue: Issue): Row[] {
  return issue.keys.map((key) => ({
    issue_id: String(issue.id),
    issue_key: key,
    is_current: key === issue.key,
  }));
}
