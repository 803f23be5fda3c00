/** Many issues of Cloud at once: a hundred in a call, and their histories in a few more. Remote links are not among them. */
import { AttacheError } from '../../../errors/attache-error.ts';
import type { PolledIssue } from '../interpret-polled.ts';
import { asList, idAt, member, textAt } from '../json.ts';
import type { JiraClient } from './client.ts';
import { api, issueWith, pathOf } from './read-issue.ts';

/** The most one call takes. */
export const mostAtOnce = 100;
const mostPages = 10_000;

interface ShownIssue {
  id: string;
  /** Without its remote links. */
  polled: PolledIssue;
}

/**
 * Those of `ids`, at most a hundred, that the site shows in one answer. What is not among them is gone, or too large for it, and has to be asked for by itself.
 * Null where the site refuses such calls.
 */
export async function readMany(client: JiraClient, ids: readonly string[]): Promise<ShownIssue[] | null> {
  const body = { issueIdsOrKeys: ids, fields: ['*all'] };
  const answer = await client
    .object({ method: 'POST', path: `${api}/issue/bulkfetch`, endpoint: 'issue/bulkfetch', body })
    .catch(refusedForGood);
  if (answer === null) return null;
  const asked = new Set(ids);
  const shown = new Map(
    asList(answer.value.issues).flatMap((issue) => {
      const id = idAt(issue);
      return id !== null && asked.has(id) ? [[id, issue] as const] : [];
    }),
  );
  if (shown.size === 0) return [];
  const histories = await readHistories(client, [...shown.keys()]);
  if (histories === null) return null;
  const issues: ShownIssue[] = [];
  for (const [id, value] of shown) {
    const polled = await issueWith(client, pathOf(id), { value, at: answer.at }, histories.get(id) ?? [], null);
    issues.push({ id, polled });
  }
  return issues;
}

/** Histories by issue; the oldest change of all comes first, so those of one issue stand on many pages. Null where they cannot be read to their end. */
async function readHistories(client: JiraClient, ids: readonly string[]): Promise<Map<string, unknown[]> | null> {
  const found = new Map<string, unknown[]>(ids.map((id) => [id, []]));
  const tokens = new Set<string>();
  let token: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    const body = { issueIdsOrKeys: ids, maxResults: 1_000, ...(token === null ? {} : { nextPageToken: token }) };
    const answer = await client
      .object({ method: 'POST', path: `${api}/changelog/bulkfetch`, endpoint: 'changelog/bulkfetch', body })
      .catch(refusedForGood);
    if (answer === null) return null;
    for (const one of asList(answer.value.issueChangeLogs))
      found.get(idAt(one, 'issueId') ?? '')?.push(...asList(member(one, 'changeHistories')));
    token = textAt(answer.value, 'nextPageToken');
    if (token === null) return found;
    // Pages that do not advance would be read for ever, and hide the rest.
    if (tokens.has(token)) return null;
    tokens.add(token);
  }
  return null;
}

/** A call the site lacks, or that this token may not make, says nothing of the single issues: asked one by one, they come or fail by themselves. */
function refusedForGood(thrown: unknown): null {
  if (thrown instanceof AttacheError && !thrown.retryable) return null;
  throw thrown;
}
