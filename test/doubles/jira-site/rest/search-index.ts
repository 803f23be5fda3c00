/** The search index: it sees changes late, and only what the reader may browse. */
import { compareBy, compileQuery, type Searchable } from '../jql/match.ts';
import { isBounded, parseJql, type Query } from '../jql/parse.ts';
import { JqlError } from '../jql/tokens.ts';
import type { Issue } from '../model/records.ts';
import { offsetOf } from '../model/times.ts';
import { browsableProjects, type RestContext, RestError } from './rest-context.ts';

/** Ids in the asked order. `reconcile` names issues the index must see as they are now. */
export function searchIssues(rest: RestContext, jql: string, reconcile: readonly number[] = []): number[] {
  try {
    return run(rest, readQuery(rest, jql), new Set(reconcile));
  } catch (error) {
    if (error instanceof JqlError) throw new RestError(400, error.message);
    throw error;
  }
}

function readQuery(rest: RestContext, jql: string): Query {
  const query = parseJql(jql);
  if (rest.site.options.flavour === 'cloud' && !isBounded(query)) {
    rest.violate(`unbounded JQL: ${jql}`);
    throw new RestError(
      400,
      'Unbounded JQL queries are not allowed here. Please add a search restriction to your query.',
    );
  }
  return query;
}

function run(rest: RestContext, query: Query, reconcile: Set<number>): number[] {
  const { state, clock, options } = rest.site;
  const projects = browsableProjects(rest);
  const matches = compileQuery(query, {
    now: clock.now(),
    offsetMinutes: offsetOf(options.profileZone),
    projects,
    issueIdOf: (keyOrId) => state.keys.get(keyOrId) ?? (/^\d+$/.test(keyOrId) ? Number(keyOrId) : undefined),
  });
  if (rest.behaviour.searchIsEmpty) return [];
  const live = new Set(projects.filter((project) => project.state === 'live').map((project) => project.id));
  const horizon = clock.now() - rest.behaviour.indexLagMilliseconds;
  const found: Searchable[] = [];
  for (const issue of state.issues.values()) {
    if (!live.has(issue.projectId)) continue;
    const item = seenBy(issue, reconcile.has(issue.id) ? Number.POSITIVE_INFINITY : horizon);
    if (item && matches(item)) found.push(item);
  }
  return found.sort(compareBy(query.order)).map(({ issue }) => issue.id);
}

/** The issue as the index knew it at a moment; undefined when it knew nothing of it yet. */
function seenBy(issue: Issue, horizon: number): Searchable | undefined {
  for (let i = issue.indexed.length - 1; i >= 0; i--) {
    const seen = issue.indexed[i]!;
    if (seen.at <= horizon) return { issue, seen };
  }
  return undefined;
}
