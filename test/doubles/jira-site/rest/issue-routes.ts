/** One issue, many issues, and the lists that belong to an issue. */
import type { History, Json } from '../model/records.ts';
import { isLinkVisible } from '../model/state.ts';
import { historyShape } from '../shapes/changelog.ts';
import { fullLinkShape, remoteLinkShape } from '../shapes/link.ts';
import { attachmentShape, commentShape, worklogShape } from '../shapes/parts.ts';
import { chosenIssue, readExpand, readFieldChoice } from './field-choice.ts';
import { namedPage, readPageAsk, valuesPage } from './paging.ts';
import { findIssue, type Handler, RestError, theIssue } from './rest-context.ts';

export const readIssue: Handler = (rest, request) => {
  const issue = theIssue(rest, request.params[0]!);
  const newest = request.view.flavour === 'cloud' ? 100 : 'all';
  return chosenIssue(request.view, issue, readFieldChoice(request, ['*all']), readExpand(request), newest);
};

/** Cloud: at most 100 at once, by ascending id; what is missing or may not be seen is left out without a word. */
export const readManyIssues: Handler = (rest, request) => {
  const asked = textList(request.body.issueIdsOrKeys);
  if (asked.length === 0 || asked.length > 100) {
    rest.violate(`issue/bulkfetch was asked for ${asked.length} issues`);
    throw new RestError(400, 'issueIdsOrKeys takes 1 to 100 entries.');
  }
  const fields = readFieldChoice(request, ['*navigable']);
  const found = new Map(asked.flatMap((idOrKey) => findIssue(rest, idOrKey) ?? []).map((issue) => [issue.id, issue]));
  const issues = [...found.values()].sort((a, b) => a.id - b.id);
  // Errors are for issues that are there and cannot be shown at present.
  return {
    issues: issues.map((issue) => chosenIssue(request.view, issue, fields, readExpand(request), 20)),
    issueErrors: [],
  };
};

export const readComments: Handler = (rest, request) => {
  const issue = theIssue(rest, request.params[0]!);
  const most = request.view.flavour === 'cloud' ? 100 : 1_048_576;
  const ordered = request.query.get('orderBy') === '-created' ? [...issue.comments].reverse() : issue.comments;
  return namedPage('comments', readPageAsk(rest, request, most, most), ordered, (comment) =>
    commentShape(request.view, comment),
  );
};

export const readComment: Handler = (rest, request) => {
  const comment = theIssue(rest, request.params[0]!).comments.find(({ id }) => String(id) === request.params[1]);
  if (!comment) throw new RestError(404, `Can not find a comment for the id: ${request.params[1]}.`);
  return commentShape(request.view, comment);
};

export const readWorklogs: Handler = (rest, request) => {
  const issue = theIssue(rest, request.params[0]!);
  return namedPage('worklogs', readPageAsk(rest, request, 5_000, 5_000), issue.worklogs, (worklog) =>
    worklogShape(request.view, worklog),
  );
};

/** Oldest first, unlike `expand=changelog`. */
export const readChangelog: Handler = (rest, request) => {
  const issue = theIssue(rest, request.params[0]!);
  return valuesPage(readPageAsk(rest, request, 100, 100), issue.history, (history) =>
    historyShape(request.view, history),
  );
};

export const readRemoteLinks: Handler = (rest, request) =>
  theIssue(rest, request.params[0]!).remoteLinks.map((link) => remoteLinkShape(request.view, link));

/** Histories of many issues in one walk, the oldest first: entries of one issue stand on many pages, and their time is a number. */
export const readManyChangelogs: Handler = (rest, request) => {
  const asked = textList(request.body.issueIdsOrKeys);
  if (asked.length === 0 || asked.length > 1_000) {
    rest.violate(`changelog/bulkfetch was asked for ${asked.length} issues`);
    throw new RestError(400, 'issueIdsOrKeys takes 1 to 1000 entries.');
  }
  const wanted = new Set(textList(request.body.fieldIds));
  const issues = new Map(asked.flatMap((idOrKey) => findIssue(rest, idOrKey) ?? []).map((issue) => [issue.id, issue]));
  const all = [...issues.values()]
    .flatMap(({ id, history }) => history.map((entry) => ({ id, entry })))
    .flatMap(({ id, entry }) => {
      const items = entry.items.filter((item) => wanted.size === 0 || wanted.has(item.fieldId ?? ''));
      return items.length === 0 ? [] : [{ id, history: { ...entry, items } }];
    })
    .sort((a, b) => a.history.at - b.history.at || a.id - b.id);
  const offset = Number(Buffer.from(String(request.body.nextPageToken ?? ''), 'base64url').toString() || 0);
  const size = Math.min(rest.behaviour.changelogPage, Number(request.body.maxResults ?? 1_000));
  const next = offset + size;
  return {
    issueChangeLogs: groupByIssue(all.slice(offset, next), (history) => ({
      ...historyShape(request.view, history),
      created: history.at,
    })),
    ...(next < all.length ? { nextPageToken: Buffer.from(String(next)).toString('base64url') } : {}),
  };
};

function groupByIssue(entries: readonly { id: number; history: History }[], draw: (history: History) => Json): Json[] {
  const groups = new Map<string, Json[]>();
  for (const { id, history } of entries) {
    const issueId = String(id);
    groups.set(issueId, [...(groups.get(issueId) ?? []), draw(history)]);
  }
  return [...groups].map(([issueId, changeHistories]) => ({ issueId, changeHistories }));
}

export const readAttachment: Handler = (rest, request) => {
  const { state } = rest.site;
  for (const issue of state.issues.values()) {
    const attachment = issue.attachments.find(({ id }) => String(id) === request.params[0]);
    if (attachment && findIssue(rest, String(issue.id))) return attachmentShape(request.view, attachment);
  }
  throw new RestError(404, `The attachment with id '${request.params[0]}' does not exist`);
};

export const readLink: Handler = (rest, request) => {
  const link = rest.site.state.links.get(Number(request.params[0]));
  if (!link || !isLinkVisible(rest.site.state, link)) {
    throw new RestError(404, `No issue link with id '${request.params[0]}' exists.`);
  }
  return fullLinkShape(request.view, link);
};

function textList(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
