/** Finds issues by JQL: by token on Cloud, by offset with an overlap on Server, where the query runs anew for every page. */
import type { PollWork } from '../../receive-way.ts';
import { asList, idAt, member, numberAt, textAt } from '../json.ts';
import { readMoment } from '../times.ts';
import type { JiraClient } from './client.ts';

export interface FoundIssue {
  id: string;
  /** Milliseconds; null when only ids were asked for. */
  updated: number | null;
}

const overlap = 10;
const mostPages = 100_000;

/** Issues in portions as they are found; one may come twice. */
export async function* search(
  client: JiraClient,
  work: PollWork,
  jql: string,
  fields: string[],
): AsyncGenerator<FoundIssue[]> {
  if (client.isCloud) yield* searchByToken(client, work, jql, fields);
  else yield* searchByOffset(client, work, jql, fields);
}

async function* searchByToken(
  client: JiraClient,
  work: PollWork,
  jql: string,
  fields: string[],
): AsyncGenerator<FoundIssue[]> {
  let token: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    work.signal.throwIfAborted();
    const body = { jql, fields, maxResults: 5_000, ...(token === null ? {} : { nextPageToken: token }) };
    const { value } = await client.object({ method: 'POST', path: '/rest/api/2/search/jql', endpoint: 'search', body });
    yield asList(value.issues).flatMap(found);
    token = textAt(value, 'nextPageToken');
    if (token === null || value.isLast === true) return;
  }
}

async function* searchByOffset(
  client: JiraClient,
  work: PollWork,
  jql: string,
  fields: string[],
): AsyncGenerator<FoundIssue[]> {
  for (let startAt = 0; ; ) {
    work.signal.throwIfAborted();
    const body = { jql, fields, maxResults: 1_000, startAt };
    const { value } = await client.object({ method: 'POST', path: '/rest/api/2/search', endpoint: 'search', body });
    const issues = asList(value.issues);
    yield issues.flatMap(found);
    const next = startAt + issues.length;
    if (issues.length <= overlap || next >= (numberAt(value, 'total') ?? 0)) return;
    // Some that stood on the next page may have moved up meanwhile.
    startAt = next - overlap;
  }
}

function found(issue: unknown): FoundIssue[] {
  const id = idAt(issue);
  return id === null ? [] : [{ id, updated: readMoment(textAt(member(issue, 'fields'), 'updated')) }];
}
