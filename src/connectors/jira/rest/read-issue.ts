/** One issue with all that belongs to it, each part marked as complete or not. An issue that is gone is null. */
import type { PartName, PolledIssue } from '../interpret-polled.ts';
import { asList, objectAt } from '../json.ts';
import type { JiraClient } from './client.ts';
import { embeddedPage, type Walk, walkPages } from './pages.ts';

/** v2 answers text as wiki markup, the form of the events. */
const api = '/rest/api/2';

export async function readIssue(client: JiraClient, id: string): Promise<PolledIssue | null> {
  const path = `${api}/issue/${encodeURIComponent(id)}`;
  const query = { fields: '*all', expand: 'changelog' };
  const answer = await client.objectIfThere({ method: 'GET', path, endpoint: 'issue', query });
  if (answer === null) return null;
  const { value: issue, at } = answer;
  const fields = objectAt(issue, 'fields');
  const part = (name: string, from: unknown, endpoint: string) => wholePart(client, path, name, from, endpoint);
  const comments = await part('comments', fields?.comment, 'comment');
  const worklogs = await part('worklogs', fields?.worklog, 'worklog');
  const histories = await wholeHistory(client, path, issue.changelog);
  const remoteLinks = await client.list({ method: 'GET', path: `${path}/remotelink`, endpoint: 'remotelink' });
  const complete: PartName[] = [
    ...(comments.complete ? (['comments'] as const) : []),
    ...(worklogs.complete ? (['worklogs'] as const) : []),
    ...(Array.isArray(fields?.attachment) ? (['attachments'] as const) : []),
    ...(Array.isArray(fields?.issuelinks) ? (['issue_links'] as const) : []),
    'remote_links',
  ];
  return {
    kind: 'issue',
    at,
    issue,
    histories,
    comments: comments.items,
    worklogs: worklogs.items,
    remoteLinks: remoteLinks.value,
    complete,
  };
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
  return walkPages(
    (startAt) =>
      client.object({ method: 'GET', path: `${path}/${endpoint}`, endpoint, query: { startAt, maxResults: 100 } }),
    (answer) => asList(answer[name]),
  );
}

/** The embedded history is cut at a hundred entries on Cloud; there the whole is read page by page. */
async function wholeHistory(client: JiraClient, path: string, embedded: unknown): Promise<unknown[]> {
  const page = embeddedPage(embedded, 'histories');
  if (page.complete || !client.isCloud) return [...page.items];
  const walk = await walkPages(
    (startAt) =>
      client.object({
        method: 'GET',
        path: `${path}/changelog`,
        endpoint: 'changelog',
        query: { startAt, maxResults: 100 },
      }),
    (answer) => asList(answer.values),
  );
  return walk.items;
}
