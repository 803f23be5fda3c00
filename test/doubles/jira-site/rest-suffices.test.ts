/** A reader that walks the REST side, and hears no event, reaches the oracle's rows: so loss can be repaired. */
import { describe, expect, it } from 'vitest';
import { applyHistory, type Row, type RunningJiraSite, randomHistory, startJiraSite } from './index.ts';
import type { Flavour } from './model/records.ts';

interface Item {
  id: string | number;
  [name: string]: unknown;
}

function reader({ url, site }: RunningJiraSite) {
  const get = async (path: string, body?: unknown) => {
    const authorization = `Basic ${Buffer.from('reader@example.com:reader-token').toString('base64')}`;
    const method = body === undefined ? 'GET' : 'POST';
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await fetch(url + path, { method, headers: { authorization }, body: text });
    expect(response.status, path).toBe(200);
    return JSON.parse(await response.text());
  };
  const isCloud = site.flavour === 'cloud';
  const jql = 'created >= -3650d ORDER BY created';
  return {
    issueIds: async (): Promise<string[]> => {
      const answer = isCloud
        ? await get('/rest/api/2/search/jql', { jql, maxResults: 5_000 })
        : await get('/rest/api/2/search', { jql, fields: ['updated'], maxResults: 1_000 });
      return answer.issues.map(({ id }: Item) => id);
    },
    issue: (id: string) => get(`/rest/api/2/issue/${id}?expand=changelog`),
    list: async (path: string, name = 'values'): Promise<Item[]> => (await get(path))[name],
    projects: async (): Promise<Item[]> =>
      isCloud ? (await get('/rest/api/2/project/search')).values : get('/rest/api/2/project'),
  };
}

const pick = (rows: Row[], columns: string) =>
  rows.map((row) => JSON.stringify(columns.split(' ').map((column) => row[column]))).sort();
const flat = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();
const moment = (text: unknown) => `${new Date(String(text)).toISOString().replace('T', ' ').slice(0, -1)}000`;

describe.each(['cloud', 'server'] as Flavour[])('a reader of a %s site', (flavour) => {
  it.each([11, 12])('sees what the site holds (seed %i)', async (seed) => {
    const running = await startJiraSite({ flavour, seed });
    applyHistory(running.site, randomHistory({ seed, length: 200 }));
    const truth = running.site.expectedTables();
    const read = reader(running);
    const issues: unknown[][] = [];
    const comments: unknown[][] = [];
    const worklogs: unknown[][] = [];
    const changes: unknown[][] = [];
    const links = new Set<string>();
    for (const id of await read.issueIds()) {
      const { key, fields, changelog } = await read.issue(id);
      issues.push([id, key, fields.summary, fields.status.statusCategory.key, moment(fields.updated)]);
      for (const link of fields.issuelinks) links.add(link.id);
      for (const { id: change, items } of changelog.histories) {
        items.forEach((item: Item, position: number) => {
          changes.push([change, position, item.field]);
        });
      }
      const parts = `/rest/api/2/issue/${id}`;
      for (const part of await read.list(`${parts}/comment`, 'comments')) comments.push([part.id, id, part.body]);
      for (const part of await read.list(`${parts}/worklog`, 'worklogs'))
        worklogs.push([part.id, part.timeSpentSeconds]);
    }
    const sprints: unknown[][] = [];
    for (const board of await read.list('/rest/agile/1.0/board')) {
      const found = await read.list(`/rest/agile/1.0/board/${board.id}/sprint`);
      sprints.push(...found.map(({ id, name, state }) => [String(id), name, state]));
    }
    const projects = (await read.projects()).map(({ id, name }) => [id, name]);
    await running.stop();

    expect(truth.issues.length).toBeGreaterThan(5);
    expect(flat(issues)).toEqual(pick(truth.issues, 'issue_id issue_key summary status_category updated_at'));
    expect(flat(comments)).toEqual(pick(truth.comments, 'comment_id issue_id body'));
    expect(flat(worklogs)).toEqual(pick(truth.worklogs, 'worklog_id time_spent_seconds'));
    expect(flat(changes)).toEqual(pick(truth.changelog, 'change_id item_position field_name'));
    expect([...links].sort()).toEqual(truth.issue_links.map((row) => row.link_id).sort());
    expect(flat(sprints)).toEqual(pick(truth.sprints, 'sprint_id name state'));
    expect(flat(projects)).toEqual(pick(truth.projects, 'project_id project_name'));
    expect(running.control.violations).toEqual([]);
  });
});
