/** `jira:issue_*`: the whole issue, who did it, what changed. */
import type { SiteContext } from '../context.ts';
import type { Flow } from '../delivery/delivery.ts';
import type { Comment, History, Issue, Json, User } from '../model/records.ts';
import { eventChangelogShape } from '../shapes/changelog.ts';
import { issueShape } from '../shapes/issue.ts';
import { commentShape } from '../shapes/parts.ts';
import { userShape } from '../shapes/user.ts';
import type { View } from '../shapes/view.ts';

export interface IssueEvent {
  event: 'jira:issue_created' | 'jira:issue_updated' | 'jira:issue_deleted';
  /** `issue_event_type_name`: finer than the event, and open-ended. */
  typeName: string;
  issue: Issue;
  actor: User;
  at: number;
  history?: History | null;
  comment?: Comment;
  bulk?: boolean;
  flow?: Flow;
}

export function emitIssueEvent(context: SiteContext, event: IssueEvent): void {
  const id = String(event.issue.id);
  context.emit({
    event: event.event,
    at: event.at,
    flow: event.flow ?? (event.bulk ? 'Secondary' : 'Primary'),
    entity: { kind: 'issue', id, issueId: id },
    body: () => issueBody(context, event),
  });
}

function issueBody(context: SiteContext, event: IssueEvent): Json {
  const view = context.webhookView(event.actor);
  const isDeleted = event.event === 'jira:issue_deleted';
  const isServer = view.flavour === 'server';
  const { matchedWebhookIds } = context.options;
  return {
    timestamp: event.at,
    webhookEvent: event.event,
    ...(isDeleted ? {} : { issue_event_type_name: event.typeName }),
    user: userShape(view, event.actor),
    issue: issueShape(view, event.issue, {
      comments: isServer || isDeleted ? 'all' : 'none',
      worklogs: isServer || isDeleted,
    }),
    ...(isDeleted ? {} : changelogPart(view, event)),
    ...(event.comment && isServer ? { comment: commentShape(view, event.comment) } : {}),
    ...(event.bulk ? { bulkOperationMetaData: { sendMail: false } } : {}),
    ...(matchedWebhookIds.length > 0 ? { matchedWebhookIds } : {}),
  };
}

/** `jira:worklog_updated`, the old form of a worklog event: it carries the issue and no worklog. */
export function emitLegacyWorklog(context: SiteContext, issue: Issue, actor: User): void {
  const at = context.clock.tick();
  const event = 'jira:worklog_updated';
  const id = String(issue.id);
  context.emit({
    event,
    at,
    entity: { kind: 'issue', id, issueId: id },
    body: () => {
      const view = context.webhookView(actor);
      const shape = issueShape(view, issue, { comments: view.flavour === 'server' ? 'all' : 'none', worklogs: true });
      return { timestamp: at, webhookEvent: event, user: userShape(view, actor), issue: shape };
    },
  });
}

/** A change without history (a comment) has an empty changelog on Cloud and none on Server. */
function changelogPart(view: View, event: IssueEvent): Json {
  if (event.history) return { changelog: eventChangelogShape(view, event.history) };
  return view.flavour === 'cloud' ? { changelog: { items: [] } } : {};
}
