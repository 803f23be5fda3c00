/** Search: pages by token on Cloud, by `startAt` on Server. */
import type { Json } from '../model/records.ts';
import { chosenIssue, readExpand, readFieldChoice, wantsAll } from './field-choice.ts';
import { readPageAsk } from './paging.ts';
import {
  findIssue,
  type Handler,
  type RestContext,
  RestError,
  type RestRequest,
  type SearchCursor,
} from './rest-context.ts';
import { searchIssues } from './search-index.ts';

const knownKeys = new Set([
  'jql',
  'fields',
  'maxResults',
  'nextPageToken',
  'reconcileIssues',
  'expand',
  'fieldsByKeys',
  'properties',
  'failFast',
]);

/** The index may cut pages: ids alone come by the thousand, whole issues by the hundred. */
function pageCap(fields: readonly string[]): number {
  if (fields.every((name) => name === 'id' || name === 'key')) return 5_000;
  return wantsAll(fields) || fields.length > 5 ? 100 : 1_000;
}

function ask(request: RestRequest, name: string): string | undefined {
  const value = request.body[name] ?? request.query.get(name);
  return value === undefined || value === null ? undefined : String(value);
}

export const searchByToken: Handler = (rest, request) => {
  for (const key of [...Object.keys(request.body), ...request.query.keys()]) {
    if (knownKeys.has(key)) continue;
    rest.violate(`search/jql knows no ${key}`);
    throw new RestError(400, 'Invalid request payload. Refer to the REST API documentation and try again.');
  }
  const fields = readFieldChoice(request, ['id']);
  const cursor = openCursor(rest, request);
  const size = Math.min(pageCap(fields), Math.max(1, Number(ask(request, 'maxResults') ?? 50)));
  const ids = cursor.issueIds.slice(cursor.offset, cursor.offset + size);
  const next = { ...cursor, offset: cursor.offset + size };
  const isLast = next.offset >= cursor.issueIds.length;
  return {
    ...(isLast ? {} : { nextPageToken: keepCursor(rest, next) }),
    isLast,
    issues: drawIssues(rest, request, ids, fields),
  };
};

function openCursor(rest: RestContext, request: RestRequest): SearchCursor {
  const jql = ask(request, 'jql') ?? '';
  const token = ask(request, 'nextPageToken');
  if (token === undefined) {
    const issueIds = searchIssues(rest, jql, readReconcile(request));
    return { jql, issueIds, offset: 0, made: rest.site.clock.now() };
  }
  const cursor = rest.tokens.get(token);
  const age = rest.site.clock.now() - (cursor?.made ?? 0);
  if (!cursor || cursor.jql !== jql || age > rest.behaviour.tokenLifeMilliseconds) {
    throw new RestError(400, 'The provided nextPageToken is invalid or has expired.');
  }
  return cursor;
}

function readReconcile(request: RestRequest): number[] {
  const given = request.body.reconcileIssues ?? request.query.getAll('reconcileIssues');
  const ids = (Array.isArray(given) ? given : [given]).map(Number);
  if (ids.length > 50) throw new RestError(400, 'reconcileIssues takes at most 50 ids.');
  return ids;
}

function keepCursor(rest: RestContext, cursor: SearchCursor): string {
  const token = Buffer.from(`page:${rest.tokens.size + 1}:${cursor.offset}`).toString('base64url');
  rest.tokens.set(token, cursor);
  return token;
}

function drawIssues(
  rest: RestContext,
  request: RestRequest,
  ids: readonly number[],
  fields: readonly string[],
): Json[] {
  const expand = readExpand(request);
  return ids.flatMap((id) => {
    const issue = findIssue(rest, String(id));
    return issue ? [chosenIssue(request.view, issue, fields, expand, 20)] : [];
  });
}

/** Server: the query runs anew for every page, so what moves meanwhile is seen twice or never. */
export const searchByOffset: Handler = (rest, request) => {
  const fields = readFieldChoice(request, ['*navigable']);
  const ids = searchIssues(rest, ask(request, 'jql') ?? '');
  const { startAt, maxResults } = readPageAsk(rest, request, 50, 1_000);
  const shown = ids.slice(startAt, startAt + maxResults);
  return {
    expand: 'schema,names',
    startAt,
    maxResults,
    total: ids.length,
    issues: drawIssues(rest, request, shown, fields),
  };
};

export const countIssues: Handler = (rest, request) => ({
  count: searchIssues(rest, ask(request, 'jql') ?? '').length,
});

/** The old search of Cloud is gone. */
export const goneSearch: Handler = (rest) => {
  rest.violate('the removed /search of Cloud was called');
  throw new RestError(410, 'The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.');
};
