/** The lists beside issues: projects, their versions and components, boards, sprints, users. */
import type { PolledList } from '../interpret-polled.ts';
import { asList, idAt, textAt } from '../json.ts';
import type { JiraClient } from './client.ts';
import { type Walk, walkPages } from './pages.ts';

const api = '/rest/api/2';
const agile = '/rest/agile/1.0';

export async function* readLists(client: JiraClient): AsyncGenerator<PolledList> {
  const projects = await readProjects(client);
  yield { kind: 'list', table: 'projects', ...projects, parent: '*' };
  for (const project of projects.items) {
    const id = idAt(project);
    if (id === null) continue;
    for (const table of ['versions', 'components'] as const) {
      const path = `${api}/project/${encodeURIComponent(id)}/${table}`;
      const { value, at } = await client.list({ method: 'GET', path, endpoint: table });
      const items = table === 'components' ? value.map((one) => ({ ...(one as object), projectId: id })) : value;
      yield { kind: 'list', table, at, items, complete: true, parent: id };
    }
  }
  const boards = await values(client, `${agile}/board`, 'board');
  yield { kind: 'list', table: 'boards', ...boards, parent: '*' };
  for (const board of boards.items) {
    if (textAt(board, 'type') === 'kanban') continue;
    const sprints = await values(client, `${agile}/board/${encodeURIComponent(idAt(board) ?? '')}/sprint`, 'sprint');
    // A board that was deleted leaves its sprints behind, where no list shows them.
    yield { kind: 'list', table: 'sprints', at: sprints.at, items: sprints.items, complete: false, parent: '*' };
  }
  yield { kind: 'list', table: 'users', ...(await readUsers(client)), parent: '*' };
}

export async function readProjects(client: JiraClient): Promise<Walk> {
  if (client.isCloud)
    return values(client, `${api}/project/search`, 'project', { status: 'live,archived', expand: 'lead' });
  const { value, at } = await client.list({
    method: 'GET',
    path: `${api}/project`,
    endpoint: 'project',
    query: { includeArchived: 'true', expand: 'lead' },
  });
  return { items: value, at, complete: true };
}

function values(client: JiraClient, path: string, endpoint: string, query: Record<string, string> = {}): Promise<Walk> {
  return walkPages(
    (startAt) => client.object({ method: 'GET', path, endpoint, query: { ...query, startAt, maxResults: 50 } }),
    (answer) => asList(answer.values),
  );
}

/** A bare list without a total: its end is the first empty page. */
async function readUsers(client: JiraClient): Promise<Walk> {
  const path = client.isCloud ? `${api}/users/search` : `${api}/user/search`;
  const who: Record<string, string> = client.isCloud ? {} : { username: '.', includeInactive: 'true' };
  const found = new Map<string, unknown>();
  let at = Number.POSITIVE_INFINITY;
  for (let startAt = 0; ; ) {
    const query = { ...who, startAt, maxResults: 1_000 };
    const answer = await client.list({ method: 'GET', path, endpoint: 'user', query });
    at = Math.min(at, answer.at);
    const before = found.size;
    for (const user of answer.value) found.set(textAt(user, 'accountId') ?? textAt(user, 'key') ?? '', user);
    if (answer.value.length === 0) return { items: [...found.values()], complete: true, at };
    if (found.size === before) return { items: [...found.values()], complete: false, at };
    startAt += answer.value.length;
  }
}
