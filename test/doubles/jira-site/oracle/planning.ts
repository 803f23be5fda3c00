/** The rows of what stands beside issues: links, projects, versions, components, sprints, boards, users. */
import type { SiteContext } from '../context.ts';
import { entry, linkTypes } from '../model/catalogue.ts';
import type { Board, Component, IssueLink, Project, Sprint, User, Version } from '../model/records.ts';
import { must } from '../model/state.ts';
import { emailOf, moment, type Row } from './row.ts';

export function issueLinkRow(context: SiteContext, link: IssueLink): Row {
  const type = entry(linkTypes, link.typeId);
  const key = (id: number) => must(context.state.issues, id, 'issue').key;
  return {
    link_id: String(link.id),
    link_type: type.name,
    inward_name: type.inward,
    outward_name: type.outward,
    source_issue_id: String(link.sourceId),
    source_issue_key: key(link.sourceId),
    destination_issue_id: String(link.destinationId),
    destination_issue_key: key(link.destinationId),
  };
}

export function projectRow(project: Project): Row {
  return {
    project_id: String(project.id),
    project_key: project.key,
    project_name: project.name,
    lead_account_id: project.leadId,
    archived: project.state === 'archived',
  };
}

export function versionRow(version: Version): Row {
  return {
    version_id: String(version.id),
    project_id: String(version.projectId),
    name: version.name,
    description: version.description,
    released: version.released,
    archived: version.archived,
    start_date: version.startDate,
    release_date: version.releaseDate,
  };
}

export function componentRow(component: Component): Row {
  return {
    component_id: String(component.id),
    project_id: String(component.projectId),
    name: component.name,
    description: component.description,
    lead_account_id: component.leadId,
  };
}

export function sprintRow(sprint: Sprint): Row {
  return {
    sprint_id: String(sprint.id),
    board_id: String(sprint.boardId),
    name: sprint.name,
    state: sprint.state,
    goal: sprint.goal,
    created_at: moment(sprint.created),
    started_at: moment(sprint.started),
    ends_at: moment(sprint.ends),
    completed_at: moment(sprint.completed),
  };
}

export function boardRow(board: Board): Row {
  return { board_id: String(board.id), name: board.name, type: board.type, project_id: String(board.projectId) };
}

export function userRow(context: SiteContext, user: User): Row {
  return {
    account_id: user.accountId,
    display_name: user.displayName,
    email: emailOf(context, user),
    active: user.active,
    time_zone: user.zone,
  };
}
