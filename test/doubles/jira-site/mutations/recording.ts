/** How an issue remembers a change: `updated`, a history entry, the search index, and the event. */
import { emitIssueEvent, type IssueEvent } from '../bodies/issue.ts';
import type { SiteContext } from '../context.ts';
import type { ChangeItem, History, Issue, User } from '../model/records.ts';
import { isEditable, must } from '../model/state.ts';

/** The account that acts; the first active user when a test does not care. */
export interface By {
  by?: string;
}

export function assertEditable(context: SiteContext, issue: Issue): void {
  if (!context.state.issues.has(issue.id)) throw new Error(`Issue ${issue.key} is deleted`);
  if (!isEditable(context.state, issue)) throw new Error(`Issue ${issue.key} is in a project that is not live`);
}

/** Who acts: given by the test or the first active user. */
export function actorOf(context: SiteContext, accountId?: string): User {
  if (accountId !== undefined) return must(context.state.users, accountId, 'user');
  const first = [...context.state.users.values()].find((user) => user.active && !user.deleted);
  if (!first) throw new Error('The site has no active user to act');
  return first;
}

/** Moves `updated` and tells the index. */
export function touch(issue: Issue, at: number): void {
  issue.updated = at;
  issue.indexed.push({ at, updated: at, projectId: issue.projectId });
  if (issue.indexed.length > 50) issue.indexed.splice(0, issue.indexed.length - 50);
}

/** Adds a history entry; nothing when nothing changed. */
export function record(
  context: SiteContext,
  issue: Issue,
  at: number,
  authorId: string,
  items: ChangeItem[],
): History | null {
  if (items.length === 0) return null;
  const history: History = { id: context.nextId('history'), at, authorId, items };
  issue.history.push(history);
  return history;
}

export interface Change {
  issue: Issue;
  at: number;
  actor: User;
  items: ChangeItem[];
  typeName: string;
}

/** The common end of every change of an issue: touch, record, send. */
export function changeIssue(context: SiteContext, change: Change, extra: Partial<IssueEvent> = {}): void {
  touch(change.issue, change.at);
  const history = record(context, change.issue, change.at, change.actor.accountId, change.items);
  const { issue, at, actor, typeName } = change;
  emitIssueEvent(context, { event: 'jira:issue_updated', typeName, issue, actor, at, history, ...extra });
}
