/** What REST handlers know: the site, how it is set to behave, and where misuse is written down. */
import type { SiteContext } from '../context.ts';
import type { Issue, Json, Project } from '../model/records.ts';
import { isVisible } from '../model/state.ts';
import type { View } from '../shapes/view.ts';

/** Switches a test may turn at any time. */
export interface Behaviour {
  /** How long the search index needs to see a change, in site time. */
  indexLagMilliseconds: number;
  /** Keys of projects the reader may not browse: their issues answer 404, as a missing permission does. */
  hiddenProjects: Set<string>;
  /** Paged lists ignore `startAt` and always answer their first page. */
  ignoreStartAt: boolean;
  /** Search and counting find nothing and say so with 200: what a reader without permission sees. */
  searchIsEmpty: boolean;
  /** Site time a page token lives; Jira's is seven days. */
  tokenLifeMilliseconds: number;
  /** Most history entries on a page of `changelog/bulkfetch`. */
  changelogPage: number;
}

export interface RestContext {
  readonly site: SiteContext;
  readonly behaviour: Behaviour;
  readonly tokens: Map<string, SearchCursor>;
  violate(what: string): void;
}

export interface SearchCursor {
  jql: string;
  issueIds: number[];
  offset: number;
  made: number;
}

export interface RestRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Json;
  /** The pieces of the path the route left open. */
  params: string[];
  view: View;
}

export type Handler = (rest: RestContext, request: RestRequest) => unknown;

/** An answer other than 200. */
export class RestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function canBrowse(rest: RestContext, project: Project): boolean {
  return project.state !== 'trashed' && !rest.behaviour.hiddenProjects.has(project.key);
}

export function browsableProjects(rest: RestContext): Project[] {
  return [...rest.site.state.projects.values()].filter((project) => canBrowse(rest, project));
}

/** By id, by key, and by any key it ever had; a hidden issue and a missing one look alike. */
export function findIssue(rest: RestContext, idOrKey: string): Issue | undefined {
  const { state } = rest.site;
  const issue = state.issues.get(state.keys.get(idOrKey) ?? Number(idOrKey));
  if (!issue || !isVisible(state, issue)) return undefined;
  const project = state.projects.get(issue.projectId);
  return project && canBrowse(rest, project) ? issue : undefined;
}

export function theIssue(rest: RestContext, idOrKey: string): Issue {
  const issue = findIssue(rest, idOrKey);
  if (!issue) throw new RestError(404, 'Issue does not exist or you do not have permission to see it.');
  return issue;
}

export function theProject(rest: RestContext, idOrKey: string): Project {
  const found = browsableProjects(rest).find(({ id, key }) => key === idOrKey || String(id) === idOrKey);
  if (!found) throw new RestError(404, `No project could be found with key '${idOrKey}'.`);
  return found;
}
