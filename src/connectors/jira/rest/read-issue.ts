/** One issue with all that belongs to it, each part marked as complete or not. An issue that is gone is null. */
import { AttacheError } from '../../../errors/attache-error.ts';
import type { PartName, PolledIssue } from '../interpret-polled.ts';
import { asList, objectAt } from '../json.ts';
import type { Answer, JiraClient } from './client.ts';
import { embeddedPage, type Walk, walkPages } from './pages.ts';

/** v2 answers text as wiki markup, the form of the events. */
export const api = '/rest/api/2';

export async function readIssue(client: JiraClient, id: string): Promise<PolledIssue | null> {
  const path = pathOf(id);
  const query = { fields: '*all', expand: 'changelog' };
  const answer = await client.objectIfThere({ method: 'GET', path, endpoint: 'issue', query });
  if (answer === null) return null;
  const histories = await wholeHistory(client, path, answer.value.changelog);
  return issueWith(client, path, answer, histories, (await readRemoteLinks(client, id))?.value ?? null);
}

/** Null when the site does not show them: the issue is gone, or linking is switched off. */
export function readRemoteLinks(client: JiraClient, id: string): Promise<Answer<unknown[]> | null> {
  return shown(client.list({ method: 'GET', path: `${pathOf(id)}/remotelink`, endpoint: 'remotelink' }));
}

export function pathOf(id: string): string {
  return `${api}/issue/${encodeURIComponent(id)}`;
}

/** An issue with its comments and worklogs read to their end. `remoteLinks`: null when they were not read. */
export async function issueWith(
  client: JiraClient,
  path: string,
  { value: issue, at }: Answer<unknown>,
  histories: readonly unknown[],
  remoteLinks: readonly unknown[] | null,
): Promise<PolledIssue> {
  const fields = objectAt(issue, 'fields');
  const part = (name: string, from: unknown, endpoint: string) => wholePart(client, path, name, from, endpoint);
  const comments = await part('comments', fields?.comment, 'comment');
  const worklogs = await part('worklogs', fields?.worklog, 'worklog');
  const complete: PartName[] = [
    ...(comments.complete ? (['comments'] as const) : []),
    ...(worklogs.complete ? (['worklogs'] as const) : []),
    ...(Array.isArray(fields?.attachment) ? (['attachments'] as const) : []),
    ...(Array.isArray(fields?.issuelinks) ? (['issue_links'] as const) : []),
    ...(remoteLinks === null ? [] : (['remote_links'] as const)),
  ];
  return {
    kind: 'issue',
    at,
    issue,
    histories,
    comments: comments.items,
    worklogs: worklogs.items,
    remoteLinks,
    complete,
  };
}

/** A part the site does not show, as worklogs where time tracking is switched off, or any of an issue that vanished meanwhile, was not read. */
async function shown<Value>(reading: Promise<Value>): Promise<Value | null> {
  try {
    return await reading;
  } catch (thrown) {
    if (thrown instanceof AttacheError && ['source_missing', 'source_forbidden'].includes(thrown.code)) return null;
    throw thrown;
  }
}

async function wholePart(
  client: JiraClient,
  path: string,
  name: string,
  embedded: unknown,
  endpoint: string,
): Promise<Pick<Walk, 'items' | 'complete'>> {
  const page = embeddedPage(embedded, name);
  if (page.complete) return { items: [...page.items], complete: true };
  const walk = walkPages(
    (startAt) =>
      client.object({ method: 'GET', path: `${path}/${endpoint}`, endpoint, query: { startAt, maxResults: 100 } }),
    (answer) => asList(answer[name]),
  );
  return (await shown(walk)) ?? { items: [...page.items], complete: false };
}

/** The embedded history is cut at a hundred entries on Cloud; there the whole is read page by page. */
async function wholeHistory(client: JiraClient, path: string, embedded: unknown): Promise<unknown[]> {
  const page = embeddedPage(embedded, 'histories');
  if (page.complete || !client.isCloud) return [...page.items];
  const walk = walkPages(
    (startAt) =>
      client.object({
        method: 'GET',
        path: `${path}/changelog`,
        endpoint: 'changelog',
        query: { startAt, maxResults: 100 },
      }),
    (answer) => asList(answer.values),
  );
  return (await shown(walk))?.items ?? [...page.items];
}
