/** Everything the site holds, by id, and the questions all other modules ask of it. */
import type { Board, Component, Issue, IssueLink, Project, Sprint, User, Version } from './records.ts';

export interface SiteState {
  users: Map<string, User>;
  projects: Map<number, Project>;
  issues: Map<number, Issue>;
  links: Map<number, IssueLink>;
  sprints: Map<number, Sprint>;
  boards: Map<number, Board>;
  versions: Map<number, Version>;
  components: Map<number, Component>;
  /** Issue id by every key ever given, in any project. */
  keys: Map<string, number>;
  /** The deletion feed: the only one Jira has. */
  deletedWorklogs: { id: number; at: number }[];
  /** Sub-tasks and links by issue, so that drawing one issue never walks the site. */
  subtasks: Map<number, Set<number>>;
  linksByIssue: Map<number, Set<number>>;
}

export function emptyState(): SiteState {
  return {
    users: new Map(),
    projects: new Map(),
    issues: new Map(),
    links: new Map(),
    sprints: new Map(),
    boards: new Map(),
    versions: new Map(),
    components: new Map(),
    keys: new Map(),
    deletedWorklogs: [],
    subtasks: new Map(),
    linksByIssue: new Map(),
  };
}

/** An entry that must be there: a miss is a mistake of the double or of the test. */
export function must<K, V>(map: Map<K, V>, id: K, what: string): V {
  const found = map.get(id);
  if (found === undefined) throw new Error(`The site has no ${what} ${String(id)}`);
  return found;
}

/** An issue is there for readers unless its project is in the trash. */
export function isVisible(state: SiteState, issue: Issue): boolean {
  return must(state.projects, issue.projectId, 'project').state !== 'trashed';
}

/** An issue can be changed only in a live project. */
export function isEditable(state: SiteState, issue: Issue): boolean {
  return must(state.projects, issue.projectId, 'project').state === 'live';
}

export function visibleIssues(state: SiteState): Issue[] {
  return [...state.issues.values()].filter((issue) => isVisible(state, issue));
}

/** A link is there for readers when both its ends are. */
export function isLinkVisible(state: SiteState, link: IssueLink): boolean {
  return [link.sourceId, link.destinationId].every((id) => {
    const issue = state.issues.get(id);
    return issue !== undefined && isVisible(state, issue);
  });
}

/** Every link of one issue, system links too. */
export function linksOf(state: SiteState, issueId: number): IssueLink[] {
  return [...(state.linksByIssue.get(issueId) ?? [])].map((id) => must(state.links, id, 'link'));
}

export function subtasksOf(state: SiteState, issueId: number): Issue[] {
  return [...(state.subtasks.get(issueId) ?? [])].map((id) => must(state.issues, id, 'issue'));
}

export function putLink(state: SiteState, link: IssueLink): void {
  state.links.set(link.id, link);
  for (const end of [link.sourceId, link.destinationId]) addTo(state.linksByIssue, end, link.id);
}

export function dropLink(state: SiteState, link: IssueLink): void {
  state.links.delete(link.id);
  for (const end of [link.sourceId, link.destinationId]) state.linksByIssue.get(end)?.delete(link.id);
}

export function addTo(index: Map<number, Set<number>>, key: number, value: number): void {
  const held = index.get(key);
  if (held) held.add(value);
  else index.set(key, new Set([value]));
}
