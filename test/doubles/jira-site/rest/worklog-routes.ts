/** The worklog feeds: oldest first, a thousand a page, the last minute withheld; the only deletion feed there is. */
import type { Json, Worklog } from '../model/records.ts';
import { worklogShape } from '../shapes/parts.ts';
import { findIssue, type Handler, type RestContext, RestError, type RestRequest } from './rest-context.ts';

const pageSize = 1_000;
const withheld = 60_000;

interface Entry {
  worklogId: number;
  updatedTime: number;
}

function feed(rest: RestContext, request: RestRequest, entries: Entry[]): Json {
  const since = Number(request.query.get('since') ?? 0);
  const ready = rest.site.clock.now() - withheld;
  const shown = entries
    .filter(({ updatedTime }) => updatedTime >= since && updatedTime <= ready)
    .sort((a, b) => a.updatedTime - b.updatedTime || a.worklogId - b.worklogId);
  const values = shown.slice(0, pageSize);
  const until = values.at(-1)?.updatedTime ?? since;
  const self = `${request.view.siteUrl}${request.path}`;
  const lastPage = shown.length <= pageSize;
  return {
    values: values.map((entry) => ({ ...entry, properties: [] })),
    since,
    until,
    self: `${self}?since=${since}`,
    ...(lastPage ? {} : { nextPage: `${self}?since=${until}` }),
    lastPage,
  };
}

function readable(rest: RestContext): Worklog[] {
  return [...rest.site.state.issues.values()].flatMap((issue) =>
    issue.worklogs.length > 0 && findIssue(rest, String(issue.id)) ? issue.worklogs : [],
  );
}

export const updatedWorklogs: Handler = (rest, request) =>
  feed(
    rest,
    request,
    readable(rest).map(({ id, updated }) => ({ worklogId: id, updatedTime: updated })),
  );

export const deletedWorklogs: Handler = (rest, request) =>
  feed(
    rest,
    request,
    rest.site.state.deletedWorklogs.map(({ id, at }) => ({ worklogId: id, updatedTime: at })),
  );

export const listWorklogs: Handler = (rest, request) => {
  const ids = request.body.ids;
  if (!Array.isArray(ids) || ids.length > pageSize) throw new RestError(400, 'ids takes at most 1000 entries.');
  const wanted = new Set(ids.map(Number));
  return readable(rest)
    .filter(({ id }) => wanted.has(id))
    .map((worklog) => worklogShape(request.view, worklog));
};
