/** Issue links: bare ids in events, whole neighbours inside an issue. */
import { entry, linkTypes } from '../model/catalogue.ts';
import type { Issue, IssueLink, Json, RemoteLink } from '../model/records.ts';
import { must } from '../model/state.ts';
import { issueTypeShape, priorityShape, statusShape } from './named.ts';
import { restUrl, type View } from './view.ts';

/** The event form: numbers only, and the type with two system booleans. */
export function linkEventShape(link: IssueLink): Json {
  const type = entry(linkTypes, link.typeId);
  return {
    id: link.id,
    sourceIssueId: link.sourceId,
    destinationIssueId: link.destinationId,
    issueLinkType: {
      id: type.id,
      name: type.name,
      outwardName: type.outward,
      inwardName: type.inward,
      isSubTaskLinkType: type.name === 'jira_subtask_link',
      isSystemLinkType: type.system,
    },
    systemLink: type.system,
  };
}

function linkTypeShape(view: View, typeId: number): Json {
  const type = entry(linkTypes, typeId);
  return {
    id: String(type.id),
    name: type.name,
    inward: type.inward,
    outward: type.outward,
    self: restUrl(view, `issueLinkType/${type.id}`),
  };
}

/** As it stands in `fields.issuelinks` of the issue `from`: only the other end is named. */
export function issueLinkShape(view: View, link: IssueLink, from: number): Json {
  const isSource = link.sourceId === from;
  const other = must(view.state.issues, isSource ? link.destinationId : link.sourceId, 'issue');
  return {
    id: String(link.id),
    self: restUrl(view, `issueLink/${link.id}`),
    type: linkTypeShape(view, link.typeId),
    [isSource ? 'outwardIssue' : 'inwardIssue']: neighbourShape(view, other),
  };
}

/** `GET issueLink/{id}` names both ends. Jira calls the source the inward issue here. */
export function fullLinkShape(view: View, link: IssueLink): Json {
  return {
    id: String(link.id),
    self: restUrl(view, `issueLink/${link.id}`),
    type: linkTypeShape(view, link.typeId),
    inwardIssue: neighbourShape(view, must(view.state.issues, link.sourceId, 'issue')),
    outwardIssue: neighbourShape(view, must(view.state.issues, link.destinationId, 'issue')),
  };
}

/** Another issue as seen from its parent, child or link. */
export function neighbourShape(view: View, issue: Issue): Json {
  return {
    id: String(issue.id),
    key: issue.key,
    self: restUrl(view, `issue/${issue.id}`),
    fields: {
      summary: issue.summary,
      status: statusShape(view, issue.statusId),
      priority: priorityShape(view, issue.priorityId),
      issuetype: issueTypeShape(view, issue.typeId),
    },
  };
}

/** REST only: no event speaks of remote links. Their id is a number. */
export function remoteLinkShape(view: View, link: RemoteLink): Json {
  const application = {
    ...(link.applicationType === null ? {} : { type: link.applicationType }),
    ...(link.applicationName === null ? {} : { name: link.applicationName }),
  };
  return {
    id: link.id,
    self: restUrl(view, `issue/${link.issueId}/remotelink/${link.id}`),
    application,
    object: { url: link.url, title: link.title, icon: {}, status: { icon: {} } },
  };
}
