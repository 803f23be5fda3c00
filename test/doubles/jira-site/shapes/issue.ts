/** The whole issue: every field, and the pages of parts that the door it goes through embeds. */

import { isOrdinaryLink } from '../model/links.ts';
import type { Component, Issue, Json, Version } from '../model/records.ts';
import { isLinkVisible, linksOf, must, subtasksOf } from '../model/state.ts';
import { jiraTime } from '../model/times.ts';
import { writeCustomFields } from './custom.ts';
import { issueLinkShape, neighbourShape } from './link.ts';
import {
  componentShape,
  issueProjectShape,
  issueTypeShape,
  priorityShape,
  resolutionShape,
  statusShape,
} from './named.ts';
import { attachmentShape, commentShape, page, richText, worklogShape } from './parts.ts';
import { issueVersionShape } from './planning.ts';
import { userOrNull } from './user.ts';
import { restUrl, type View } from './view.ts';

/** How many comments are embedded: none, all, or so many of the newest. */
export interface Embeds {
  comments: 'none' | 'all' | number;
  worklogs: boolean;
}

export function issueShape(view: View, issue: Issue, embeds: Embeds): Json {
  return {
    id: String(issue.id),
    self: issueSelf(view, issue),
    key: issue.key,
    fields: Object.assign(writeCustomFields(view, issue, fieldShapes(view, issue)), embedded(view, issue, embeds)),
  };
}

/** Cloud's webhook bodies sometimes lack the `/issue/` segment: here for every third issue. */
function issueSelf(view: View, issue: Issue): string {
  const odd = view.flavour === 'cloud' && view.channel === 'webhook' && issue.id % 3 === 1;
  return restUrl(view, odd ? `${issue.id}` : `issue/${issue.id}`);
}

function fieldShapes(view: View, issue: Issue): Json {
  const { state } = view;
  const parentId = issue.parentId ?? (view.flavour === 'cloud' ? issue.epicId : null);
  const parent = parentId === null ? undefined : state.issues.get(parentId);
  const versions = (ids: number[]) =>
    ids.map((id) => issueVersionShape(view, must<number, Version>(state.versions, id, 'version')));
  const links = linksOf(state, issue.id).filter((link) => isOrdinaryLink(link) && isLinkVisible(state, link));
  return {
    statuscategorychangedate: jiraTime(issue.updated, view.offsetMinutes),
    issuetype: issueTypeShape(view, issue.typeId),
    ...(parent ? { parent: neighbourShape(view, parent) } : {}),
    timespent: issue.worklogs.reduce((sum, worklog) => sum + worklog.seconds, 0) || null,
    project: issueProjectShape(view, must(state.projects, issue.projectId, 'project')),
    fixVersions: versions(issue.fixVersionIds),
    versions: versions(issue.affectedVersionIds),
    resolution: resolutionShape(view, issue.resolutionId),
    resolutiondate: issue.resolved === null ? null : jiraTime(issue.resolved, view.offsetMinutes),
    workratio: -1,
    watches: { self: restUrl(view, `issue/${issue.key}/watchers`), watchCount: 0, isWatching: false },
    created: jiraTime(issue.created, view.offsetMinutes),
    updated: jiraTime(issue.updated, view.offsetMinutes),
    priority: priorityShape(view, issue.priorityId),
    labels: issue.labels,
    issuelinks: links.map((link) => issueLinkShape(view, link, issue.id)),
    assignee: userOrNull(view, issue.assigneeId),
    status: statusShape(view, issue.statusId),
    components: issue.componentIds.map((id) =>
      componentShape(view, must<number, Component>(state.components, id, 'component'), 'issue'),
    ),
    description: richText(view, issue.description),
    attachment: issue.attachments.map((attachment) => attachmentShape(view, attachment)),
    summary: issue.summary,
    creator: userOrNull(view, issue.creatorId),
    reporter: userOrNull(view, issue.reporterId),
    subtasks: subtasksOf(state, issue.id).map((child) => neighbourShape(view, child)),
    duedate: issue.dueDate,
    environment: null,
    votes: { self: restUrl(view, `issue/${issue.key}/votes`), votes: 0, hasVoted: false },
  };
}

function embedded(view: View, issue: Issue, embeds: Embeds): Json {
  return {
    ...(embeds.comments === 'none' ? {} : { comment: commentPage(view, issue, embeds.comments) }),
    ...(embeds.worklogs ? { worklog: worklogPage(view, issue) } : {}),
  };
}

/** The newest so many, with their own `startAt`: paging that begins inside the embed loses the oldest. */
function commentPage(view: View, issue: Issue, newest: 'all' | number): Json {
  const size = newest === 'all' ? issue.comments.length : newest;
  const startAt = Math.max(0, issue.comments.length - size);
  const shown = issue.comments.slice(startAt).map((comment) => commentShape(view, comment));
  const self = restUrl(view, `issue/${issue.id}/comment`);
  return { comments: shown, self, maxResults: shown.length, total: issue.comments.length, startAt };
}

/** The first twenty; `total` tells how many there are. */
function worklogPage(view: View, issue: Issue): Json {
  const all = issue.worklogs.map((worklog) => worklogShape(view, worklog));
  return page('worklogs', all, 0, 20);
}

/** Comment events on Cloud carry only these six fields, and neither `created` nor `updated`. */
export function stubShape(view: View, issue: Issue): Json {
  return {
    id: String(issue.id),
    self: issueSelf(view, issue),
    key: issue.key,
    fields: {
      summary: issue.summary,
      issuetype: issueTypeShape(view, issue.typeId),
      project: issueProjectShape(view, must(view.state.projects, issue.projectId, 'project')),
      assignee: userOrNull(view, issue.assigneeId),
      priority: priorityShape(view, issue.priorityId),
      status: statusShape(view, issue.statusId),
    },
  };
}
