/** The two feeds of worklogs, each with a cursor of its own: what changed, and, alone in Jira, what was deleted. */
import type { PollWork } from '../../receive-way.ts';
import type { PolledGone, PolledList } from '../interpret-polled.ts';
import { asList, idAt, numberAt } from '../json.ts';
import type { JiraClient } from './client.ts';

const firstLookMs = 86_400_000;

export async function* readWorklogFeeds(client: JiraClient, work: PollWork): AsyncGenerator<PolledList | PolledGone> {
  for await (const { ids } of walkFeed(client, work, 'updated')) {
    if (ids.length === 0) continue;
    const call = {
      method: 'POST',
      path: '/rest/api/2/worklog/list',
      endpoint: 'worklog/list',
      body: { ids: ids.map(Number) },
    } as const;
    const { value, at } = await client.list(call);
    yield { kind: 'list', table: 'worklogs', at, items: value, complete: false, parent: '*' };
  }
  for await (const { ids, at } of walkFeed(client, work, 'deleted')) {
    if (ids.length > 0) yield { kind: 'gone', table: 'worklogs', at, ids };
  }
}

/** The cursor moves only when a page was taken. */
async function* walkFeed(
  client: JiraClient,
  work: PollWork,
  feed: 'updated' | 'deleted',
): AsyncGenerator<{ ids: string[]; at: number }> {
  const name = `worklogs-${feed}`;
  let since = Number(work.recall(name) ?? Date.now() - firstLookMs);
  for (;;) {
    const query = { since };
    const { value, at } = await client.object({
      method: 'GET',
      path: `/rest/api/2/worklog/${feed}`,
      endpoint: `worklog/${feed}`,
      query,
    });
    yield { ids: asList(value.values).flatMap((one) => idAt(one, 'worklogId') ?? []), at };
    const until = numberAt(value, 'until') ?? since;
    await work.remember(name, until);
    if (value.lastPage !== false || until <= since) return;
    since = until;
  }
}
