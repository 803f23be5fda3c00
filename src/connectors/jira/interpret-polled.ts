/** What an answer of the site means, in the form our own asking keeps it. A list that was not read to its end proves the absence of nothing. */
import type { ReceivedChange } from '../receive-way.ts';
import { type Evidence, row, toldAt } from './evidence.ts';
import { asList, idAt, type JsonObject, member, numberAt, objectAt, textAt } from './json.ts';
import { changeRows } from './rows/changelog.ts';
import { commentRows } from './rows/comment.ts';
import { issueRows } from './rows/issue.ts';
import { boardRows, componentRows, projectRows, sprintRows, userRows, versionRows } from './rows/planning.ts';
import { worklogRows } from './rows/worklog.ts';
import type { JiraSettings } from './settings.ts';
import { type TableName, tableId } from './tables.ts';
import { redactUrls } from './text/redact-urls.ts';
import { readInstant } from './times.ts';

/** One issue with what belongs to it. A part that is null was not read. */
export interface PolledIssue {
  kind: 'issue';
  /** Milliseconds by the site's clock at which it answered. */
  at: number;
  issue: unknown;
  histories: readonly unknown[] | null;
  comments: readonly unknown[] | null;
  worklogs: readonly unknown[] | null;
  remoteLinks: readonly unknown[] | null;
  /** Parts that were read to their end. */
  complete: readonly PartName[];
}

/** The remote links of some issues, all that each has. */
export interface PolledLinks {
  kind: 'remote_links';
  /** When the first was answered. */
  at: number;
  issues: readonly { issue: string; at: number; remoteLinks: readonly unknown[] }[];
}

export type PartName = 'comments' | 'worklogs' | 'attachments' | 'issue_links' | 'remote_links';

/** A list of one kind of thing. */
export interface PolledList {
  kind: 'list';
  at: number;
  table: ListName;
  items: readonly unknown[];
  /** It is the whole list of its parent: what is not in it is gone. */
  complete: boolean;
  /** Whose list it is: a project, or `*` for the site. */
  parent: string;
}

type ListName = 'projects' | 'versions' | 'components' | 'boards' | 'sprints' | 'users' | 'worklogs';

/** Rows the site says are deleted. */
export interface PolledGone {
  kind: 'gone';
  at: number;
  table: 'issues' | 'worklogs' | 'sprints';
  ids: readonly string[];
}

export type Polled = PolledIssue | PolledLinks | PolledList | PolledGone;

export function interpretPolled(settings: JiraSettings, body: JsonObject): ReceivedChange[] {
  const evidence = { settings, at: numberAt(body, 'at') ?? 0 };
  if (body.kind === 'issue') return ofIssue(evidence, body);
  if (body.kind === 'remote_links') return ofRemoteLinks(settings, body as unknown as PolledLinks);
  if (body.kind === 'list') return ofList(evidence, body as unknown as PolledList);
  if (body.kind === 'gone') {
    const table = tableId(settings, (body as unknown as PolledGone).table);
    return asList(body.ids).map((id) => ({ kind: 'gone', table, key: [String(id)], at: evidence.at }));
  }
  return [];
}

function ofIssue(evidence: Evidence, body: JsonObject): ReceivedChange[] {
  const issue = objectAt(body, 'issue');
  const id = idAt(issue);
  if (id === null) return [];
  const { settings, at } = evidence;
  return [
    { kind: 'alive', table: tableId(settings, 'issues'), key: [id], at },
    ...issueRows(evidence, issue),
    ...asList(body.histories).flatMap((one) =>
      changeRows(evidence, id, {
        id: idAt(one),
        items: member(one, 'items'),
        author: member(one, 'author'),
        at: readInstant(member(one, 'created')),
      }),
    ),
    ...asList(body.comments).flatMap((one) => commentRows(evidence, one, id)),
    ...asList(body.worklogs).flatMap((one) => worklogRows(evidence, one, id)),
    ...asList(body.remoteLinks).flatMap((one) => remoteLinkRows(evidence, one, id)),
    ...asList(body.complete).map(
      (part): ReceivedChange => ({ kind: 'complete', table: tableId(settings, part as TableName), parent: id, at }),
    ),
  ];
}

function ofRemoteLinks(settings: JiraSettings, { issues }: PolledLinks): ReceivedChange[] {
  return issues.flatMap(({ issue, at, remoteLinks }): ReceivedChange[] => [
    ...remoteLinks.flatMap((one) => remoteLinkRows({ settings, at }, one, issue)),
    { kind: 'complete', table: tableId(settings, 'remote_links'), parent: issue, at },
  ]);
}

function remoteLinkRows(evidence: Evidence, link: unknown, issueId: string): ReceivedChange[] {
  const id = idAt(link);
  if (id === null) return [];
  const object = objectAt(link, 'object');
  const application = objectAt(link, 'application');
  const url = textAt(object, 'url');
  return [
    row(evidence, 'remote_links', [issueId, id], toldAt(evidence), {
      url: url === null ? null : redactUrls(url),
      title: textAt(object, 'title'),
      application_name: textAt(application, 'name'),
      application_type: textAt(application, 'type'),
    }),
  ];
}

const rowsOf: Record<ListName, (evidence: Evidence, item: unknown) => ReceivedChange[]> = {
  projects: (evidence, one) => [
    ...projectRows(evidence, one, ''),
    ...marksOf(evidence, idAt(one), { archived: member(one, 'archived') === true, trashed: false }),
  ],
  versions: (evidence, one) => versionRows(evidence, one, member(one, 'archived') === true),
  components: componentRows,
  boards: boardRows,
  sprints: sprintRows,
  users: userRows,
  worklogs: worklogRows,
};

function marksOf(
  evidence: Evidence,
  id: string | null,
  { archived, trashed }: { archived: boolean; trashed: boolean },
): ReceivedChange[] {
  if (id === null) return [];
  return [
    row(evidence, 'projects', id, toldAt(evidence), { archived }, 'archive'),
    row(evidence, 'projects', id, toldAt(evidence), { trashed }, 'trash'),
  ];
}

function ofList(evidence: Evidence, { table, items, complete, parent }: PolledList): ReceivedChange[] {
  if (!Object.hasOwn(rowsOf, table)) return [];
  const rows = asList(items).flatMap((one) => rowsOf[table](evidence, one));
  if (!complete) return rows;
  return [...rows, { kind: 'complete', table: tableId(evidence.settings, table), parent, at: evidence.at }];
}
