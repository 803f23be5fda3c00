/** The smallest honest reading of webhook bodies: newest version of each id, and a tombstone beats every body. */
import type { Delivery } from '../delivery/delivery.ts';

interface Ref {
  id: string;
}

export interface FoldedIssue extends Ref {
  key: string;
  fields: Record<string, unknown> & { updated: string; project: Ref };
}

interface Body {
  timestamp?: number;
  webhookEvent?: string;
  issue?: FoldedIssue;
  comment?: Ref & { body: string; updated: string; self: string };
  worklog?: Ref & { updated: string; timeSpentSeconds: number; issueId: string };
  issueLink?: { id: number; sourceIssueId: number; destinationIssueId: number; systemLink: boolean };
  sprint?: { id: number; name: string; state: string };
  version?: Ref & { name: string };
  project?: { id: number; name: string };
  changelog?: { id?: string; items: unknown[] };
}

/** Rows of one kind by id. */
class Newest<T> {
  private readonly held = new Map<string, { version: number; value: T }>();
  private readonly gone = new Set<string>();

  take(id: string | number, version: number, value: T, isDeleted: boolean): void {
    if (isDeleted) this.gone.add(String(id));
    const before = this.held.get(String(id));
    if (!before || before.version < version) this.held.set(String(id), { version, value });
  }

  rows(): [string, T][] {
    return [...this.held].filter(([id]) => !this.gone.has(id)).map(([id, { value }]) => [id, value]);
  }
}

export class FoldedSite {
  readonly issues = new Newest<FoldedIssue>();
  readonly comments = new Newest<{ issueId: string; body: string }>();
  readonly worklogs = new Newest<NonNullable<Body['worklog']>>();
  readonly links = new Newest<NonNullable<Body['issueLink']>>();
  readonly sprints = new Newest<NonNullable<Body['sprint']>>();
  readonly versions = new Newest<NonNullable<Body['version']>>();
  readonly projects = new Newest<{ name: string; event: string }>();
  readonly changes = new Map<string, { issueId: string; items: number }>();

  take(body: Body): void {
    const { webhookEvent: event = '', timestamp = 0 } = body;
    const isDeleted = /(?<!soft|restored)_deleted$/.test(event);
    if (event.startsWith('jira:issue_')) this.takeIssue(body, isDeleted);
    if (event.startsWith('comment_')) this.takeComment(body.comment!, body.issue, isDeleted);
    const { worklog, issueLink, sprint, version, project } = body;
    if (worklog) this.worklogs.take(worklog.id, Date.parse(worklog.updated), worklog, isDeleted);
    if (issueLink && !issueLink.systemLink) this.links.take(issueLink.id, timestamp, issueLink, isDeleted);
    if (sprint) this.sprints.take(sprint.id, timestamp, sprint, isDeleted);
    if (version) this.versions.take(version.id, timestamp, version, isDeleted);
    if (project) this.projects.take(project.id, timestamp, { name: project.name, event }, isDeleted);
  }

  private takeIssue({ issue, changelog }: Body, isDeleted: boolean): void {
    this.issues.take(issue!.id, Date.parse(issue!.fields.updated), issue!, isDeleted);
    const { id, items = [] } = changelog ?? {};
    if (id && items.length > 0) this.changes.set(id, { issueId: issue!.id, items: items.length });
  }

  /** On Server the parent stands only inside `comment.self`. */
  private takeComment(comment: NonNullable<Body['comment']>, issue: Ref | undefined, isDeleted: boolean): void {
    const issueId = issue?.id ?? /\/issue\/(\d+)\/comment\//.exec(comment.self)![1]!;
    this.comments.take(comment.id, Date.parse(comment.updated), { issueId, body: comment.body }, isDeleted);
  }

  /** Projects outside the trash. */
  liveProjects(): [string, { name: string }][] {
    return this.projects.rows().filter(([, { event }]) => event !== 'project_soft_deleted');
  }

  visibleIssues(): [string, FoldedIssue][] {
    const here = new Set(this.liveProjects().map(([id]) => id));
    return this.issues.rows().filter(([, issue]) => here.has(issue.fields.project.id));
  }
}

export function foldBodies(deliveries: readonly Delivery[]): FoldedSite {
  const folded = new FoldedSite();
  for (const delivery of deliveries) folded.take(JSON.parse(delivery.body) as Body);
  return folded;
}
