/** Facts of the REST side, and that each planned failure is what it says. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Fault, faults, type RunningJiraSite, type SiteOptions, startJiraSite } from './index.ts';

const running: RunningJiraSite[] = [];

afterEach(async () => {
  for (const site of running.splice(0)) await site.stop();
});

const basic = (token = 'reader-token') => `Basic ${Buffer.from(`reader@example.com:${token}`).toString('base64')}`;

async function start(options: Partial<SiteOptions> = {}) {
  const started = await startJiraSite({ flavour: 'cloud', ...options });
  running.push(started);
  const call = async (path: string, body?: unknown, authorization: string | null = basic()) => {
    const response = await fetch(path.startsWith('http') ? path : `${started.url}/rest/api/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...(authorization ? { authorization } : {}), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
  };
  const issues = (count: number, key = 'AB') => {
    const project =
      [...started.site.state.projects.values()].find((held) => held.key === key) ?? started.site.projects.create(key);
    return Array.from({ length: count }, (_, i) => started.site.issues.create({ project, summary: `Issue ${i}` }));
  };
  return { ...started, call, issues };
}

const ids = (answer: { json: () => { issues: { id: string }[] } }) => answer.json().issues.map(({ id }) => id);

describe('credentials', () => {
  it('are demanded, and a call without them is a violation', async () => {
    const { call, control } = await start();
    expect((await call('3/myself', undefined, null)).status).toBe(401);
    expect(control.violations).toEqual(['no credentials: GET /rest/api/3/myself']);
    expect((await call('3/myself', undefined, basic('wrong'))).status).toBe(401);
    expect((await call('3/myself')).json()).toMatchObject({ timeZone: 'America/Phoenix' });
  });

  it('with a scope work only through the gateway', async () => {
    const { call, gatewayUrl, url } = await start();
    const myself = '/rest/api/3/myself';
    expect((await call(gatewayUrl + myself, undefined, 'Bearer scoped-token')).status).toBe(200);
    expect((await call(url + myself, undefined, 'Bearer scoped-token')).status).toBe(401);
    expect((await call(gatewayUrl + myself)).status).toBe(401);
  });

  it('are a bearer token on Server', async () => {
    const { call } = await start({ flavour: 'server' });
    expect((await call('2/myself', undefined, 'Bearer reader-token')).status).toBe(200);
  });
});

describe('search on Cloud', () => {
  it('pages by token and says which page is the last, without a total', async () => {
    const { call, issues } = await start();
    const made = issues(7);
    const seen: string[] = [];
    let page = (await call('3/search/jql', { jql: 'project = AB ORDER BY created', maxResults: 3 })).json();
    for (;;) {
      expect(page).not.toHaveProperty('total');
      seen.push(...page.issues.map(({ id }: { id: string }) => id));
      if (page.isLast) break;
      const ask = { jql: 'project = AB ORDER BY created', maxResults: 3, nextPageToken: page.nextPageToken };
      page = (await call('3/search/jql', ask)).json();
    }
    expect(seen).toEqual(made.map(({ id }) => String(id)));
    expect((await call('3/search/approximate-count', { jql: 'project = AB' })).json()).toEqual({ count: 7 });
  });

  it('refuses unbounded queries and the removed path, and remembers both', async () => {
    const { call, control } = await start();
    expect((await call('3/search/jql', { jql: 'ORDER BY updated' })).status).toBe(400);
    expect((await call('3/search?jql=project=AB')).status).toBe(410);
    expect((await call('3/search/jql', { jql: 'project = A', startAt: 5 })).status).toBe(400);
    expect(control.violations).toHaveLength(3);
  });

  it('reads wall-clock times in the zone of the profile, to the minute', async () => {
    const { call, issues, site } = await start({
      startsAt: Date.UTC(2026, 2, 1, 5, 0, 30),
      users: 1,
      profileZone: 'America/Phoenix',
    });
    const [issue] = issues(1);
    const at = site.clock.now();
    expect(at).toBeLessThan(Date.UTC(2026, 2, 1, 5, 1));
    const find = async (moment: string) =>
      ids(await call('3/search/jql', { jql: `project = AB AND updated >= "${moment}"` }));
    expect(await find('2026-02-28 22:00')).toEqual([String(issue!.id)]);
    expect(await find('2026-02-28 22:01')).toEqual([]);
    expect(await find('2026-03-01 05:00')).toEqual([]);
    expect((await call('3/search/jql', { jql: 'updated >= "2026-02-28 22:00:10"' })).status).toBe(400);
  });

  it('sees a change only after the lag, unless told to look at once', async () => {
    const { call, issues, site, control } = await start();
    const [issue] = issues(1);
    control.advance(3_600_000);
    control.behaviour.indexLagMilliseconds = 60_000;
    site.issues.edit(issue!, { summary: 'Changed' });
    const jql = 'project = AB AND updated >= -30m';
    expect(ids(await call('3/search/jql', { jql }))).toEqual([]);
    expect(ids(await call('3/search/jql', { jql, reconcileIssues: [issue!.id] }))).toEqual([String(issue!.id)]);
    control.advance(60_000);
    expect(ids(await call('3/search/jql', { jql }))).toEqual([String(issue!.id)]);
  });

  it('forgets tokens after their life or when told', async () => {
    const { call, issues, control } = await start();
    issues(4);
    const ask = { jql: 'project = AB', maxResults: 2 };
    const { nextPageToken } = (await call('3/search/jql', ask)).json();
    control.advance(8 * 86_400_000);
    expect((await call('3/search/jql', { ...ask, nextPageToken })).status).toBe(400);
  });

  it('finds nothing of a project the reader may not browse', async () => {
    const { call, issues, control } = await start();
    const [hidden] = issues(1);
    issues(1, 'CD');
    control.behaviour.hiddenProjects.add('AB');
    expect((await call(`3/issue/${hidden!.id}`)).status).toBe(404);
    expect((await call('3/search/jql', { jql: 'project = AB' })).status).toBe(400);
    expect(ids(await call('3/search/jql', { jql: 'created >= -1d' }))).toHaveLength(1);
  });
});

describe('search on Server', () => {
  it('pages by startAt with a total, anew for each page', async () => {
    const { call, issues, site } = await start({ flavour: 'server' });
    const made = issues(4);
    const first = (await call('2/search?jql=project=AB+ORDER+BY+updated&maxResults=2&fields=updated')).json();
    expect(first).toMatchObject({ startAt: 0, total: 4 });
    site.issues.edit(made[0]!, { summary: 'Moves to the end' });
    const second = (
      await call('2/search?jql=project=AB+ORDER+BY+updated&maxResults=2&startAt=2&fields=updated')
    ).json();
    const seen = [...first.issues, ...second.issues].map(({ id }) => Number(id));
    expect(seen).not.toContain(made[2]!.id);
  });

  it('has none of the routes of Cloud', async () => {
    const { call, control } = await start({ flavour: 'server' });
    expect((await call('2/search/jql', { jql: 'project = AB' })).status).toBe(404);
    expect((await call('3/myself')).status).toBe(404);
    expect(control.violations).toHaveLength(2);
  });
});

describe('one issue', () => {
  it('embeds the newest 100 comments with their own startAt, and all of them page by page', async () => {
    const { call, issues, site } = await start();
    const [issue] = issues(1);
    for (let i = 0; i < 130; i++) site.comments.add(issue!, `Comment ${i}`);
    const { comment } = (await call(`2/issue/${issue!.id}?fields=*all`)).json().fields;
    expect(comment).toMatchObject({ startAt: 30, total: 130 });
    expect(comment.comments[0].body).toBe('Comment 30');
    const page = (await call(`2/issue/${issue!.id}/comment?startAt=100&maxResults=100`)).json();
    expect(page).toMatchObject({ startAt: 100, total: 130 });
    expect(page.comments).toHaveLength(30);
  });

  it('cuts an expanded changelog at 100, newest first, while the list has them all, oldest first', async () => {
    const { call, issues, site } = await start();
    const [issue] = issues(1);
    for (let i = 0; i < 120; i++) site.issues.edit(issue!, { summary: `Title ${i}` });
    const { changelog } = (await call(`3/issue/${issue!.key}?fields=summary&expand=changelog`)).json();
    expect(changelog).toMatchObject({ total: 121 });
    expect(changelog.histories).toHaveLength(100);
    expect(changelog.histories[0].items[0].toString).toBe('Title 119');
    const second = (await call(`3/issue/${issue!.key}/changelog?startAt=100`)).json();
    expect(second).toMatchObject({ total: 121, isLast: true });
    expect(second.values.at(-1).items[0].toString).toBe('Title 119');
  });

  it('answers wiki markup in v2 and a document in v3', async () => {
    const { call, site, issues } = await start();
    const [issue] = issues(1);
    site.issues.edit(issue!, { description: 'See [the page|https://a.example] and *this*' });
    const v2 = (await call(`2/issue/${issue!.id}`)).json().fields.description;
    const v3 = (await call(`3/issue/${issue!.id}`)).json().fields.description;
    expect(v2).toBe(issue!.description);
    expect(v3.content[0].content.map(({ text }: { text: string }) => text)).toEqual([
      'See ',
      'the page',
      ' and ',
      'this',
    ]);
  });

  it('is found by an old key, and by bulk, where what is missing is left out', async () => {
    const { call, site, issues } = await start();
    const [issue] = issues(1);
    site.issues.move(issue!, site.projects.create('CD'));
    expect((await call('3/issue/AB-1')).json().key).toBe('CD-1');
    const bulk = (await call('3/issue/bulkfetch', { issueIdsOrKeys: ['CD-1', '99999'], fields: ['summary'] })).json();
    expect(bulk.issues).toHaveLength(1);
    expect(bulk.issueErrors).toEqual([]);
  });

  it('tells histories by bulk, the oldest change of all first and its time as a number', async () => {
    const { call, site, issues, control } = await start();
    const two = issues(2);
    for (const [round, issue] of [...two, ...two].entries()) site.issues.edit(issue, { summary: `Round ${round}` });
    control.behaviour.changelogPage = 3;
    const pages: { issueChangeLogs: { issueId: string; changeHistories: { created: number }[] }[] }[] = [];
    for (let token: string | undefined; pages.length === 0 || token !== undefined; ) {
      const body = {
        issueIdsOrKeys: two.map(({ key }) => key),
        ...(token === undefined ? {} : { nextPageToken: token }),
      };
      const page = (await call('3/changelog/bulkfetch', body)).json();
      token = page.nextPageToken;
      pages.push(page);
    }
    const times = pages.flatMap(({ issueChangeLogs }) =>
      issueChangeLogs.flatMap(({ changeHistories }) => changeHistories.map(({ created }) => created)),
    );
    const written = two.flatMap(({ history }) => history.map(({ at }) => at));
    expect(times.toSorted()).toEqual(written.toSorted());
    expect(Math.max(...pages.map(({ issueChangeLogs }) => issueChangeLogs.length))).toBe(2);
    const many = (await call('3/changelog/bulkfetch', { issueIdsOrKeys: Array.from({ length: 1_001 }, String) }))
      .status;
    expect(many).toBe(400);
    expect((await call('3/issue/bulkfetch', { issueIdsOrKeys: Array.from({ length: 101 }, String) })).status).toBe(400);
    expect(control.violations).toHaveLength(2);
  });
});

describe('worklog feeds', () => {
  it('withhold the last minute and tell deletions', async () => {
    const { call, site, issues, control } = await start();
    const [issue] = issues(1);
    const [kept, gone] = [60, 120].map((seconds) => site.worklogs.add(issue!, { seconds }));
    site.worklogs.delete(gone!);
    expect((await call('3/worklog/updated?since=0')).json().values).toEqual([]);
    control.advance(61_000);
    const updated = (await call('3/worklog/updated?since=0')).json();
    expect(updated).toMatchObject({ lastPage: true, values: [{ worklogId: kept!.id }] });
    expect((await call('3/worklog/deleted?since=0')).json().values).toMatchObject([{ worklogId: gone!.id }]);
    expect((await call('3/worklog/list', { ids: [kept!.id, gone!.id] })).json()).toHaveLength(1);
  });
});

describe('other lists', () => {
  it('exist for projects, users, versions, components, boards, sprints and fields', async () => {
    const { call, site, url } = await start();
    const project = site.projects.create('AB');
    site.versions.create(project, '1.0');
    site.components.create(project, 'Core');
    const board = site.boards.create(project);
    site.sprints.create(board, 'Sprint 1');
    const agile = `${url}/rest/agile/1.0/board`;
    const count = async (path: string) => (await call(path)).json();
    expect((await count('3/project/search')).values).toMatchObject([{ id: '10000', key: 'AB' }]);
    expect(await count('3/users/search')).toHaveLength(4);
    expect(await count('3/project/AB/versions')).toMatchObject([{ id: '10000', projectId: 10000 }]);
    expect(await count('3/project/AB/components')).toMatchObject([{ name: 'Core' }]);
    expect((await count(agile)).values).toMatchObject([{ id: board.id }]);
    expect((await count(`${agile}/${board.id}/sprint`)).values).toMatchObject([{ name: 'Sprint 1', state: 'future' }]);
    expect((await count('3/field')).length).toBeGreaterThan(10);
  });

  it('leave archived projects out unless asked', async () => {
    const { call, site } = await start();
    site.projects.archive(site.projects.create('AB'));
    expect((await call('3/project/search')).json().total).toBe(0);
    expect((await call('3/project/search?status=live&status=archived')).json().total).toBe(1);
  });
});

describe('planned failures', () => {
  const statuses: [string, Fault, number, string | null][] = [
    ['429 with seconds', faults.tooManyRequests(3), 429, '3'],
    ['429 with nothing', faults.tooManyRequests('nothing'), 429, null],
    ['429 with hours', faults.tooManyRequests('hours'), 429, '14400'],
    ['503 with Retry-After', faults.unavailable(2), 503, '2'],
    ['401', faults.unauthorised(), 401, null],
    ['404 for no permission', faults.notFound(), 404, null],
    ['an expired token', faults.expiredToken(), 400, null],
  ];

  it.each(statuses)('%s hits the nth call and no other', async (_, fault, status, retryAfter) => {
    const { call, control } = await start();
    control.fail('myself', fault, { nth: 2 });
    const answers = [await call('3/myself'), await call('3/myself'), await call('3/myself')];
    expect(answers.map((answer) => answer.status)).toEqual([200, status, 200]);
    expect(answers[1]!.headers.get('retry-after')).toBe(retryAfter);
    expect(control.callsTo('myself').map((made) => made.status)).toEqual([200, status, 200]);
  });

  it('429 can name a date', async () => {
    const { call, control } = await start();
    control.fail('*', faults.tooManyRequests('date'));
    const { headers } = await call('3/myself');
    expect(Number.isNaN(Date.parse(headers.get('retry-after')!))).toBe(false);
    expect(headers.get('ratelimit-reason')).toBe('jira-burst-based');
  });

  it('spoil the answer as a page of HTML, null, half a document or no answer at all', async () => {
    const { call, control } = await start();
    for (const fault of [faults.html(), faults.nullBody(), faults.truncated(), faults.dropped()])
      control.fail('myself', fault);
    expect((await call('3/myself')).headers.get('content-type')).toContain('text/html');
    expect((await call('3/myself')).text).toBe('null');
    const half = await call('3/myself');
    expect(half.status).toBe(200);
    expect(() => half.json()).toThrow(SyntaxError);
    await expect(call('3/myself')).rejects.toThrow();
  });

  it('repeat, lose and overlap items, and empty an enumeration', async () => {
    const { call, control, issues } = await start();
    const [a, b] = issues(2).map(({ id }) => String(id));
    const search = async () => ids(await call('3/search/jql', { jql: 'project = AB ORDER BY id' }));
    for (const fault of [faults.repeatItem(), faults.loseItem(), faults.emptyEnumeration()])
      control.fail('search', fault);
    expect(await search()).toEqual([a, a, b]);
    expect(await search()).toEqual([a]);
    expect(await search()).toEqual([]);
    control.fail('search', faults.overlapPages(), { times: 2 });
    expect([...(await search()), ...(await search())]).toEqual([a, b, b, a, b]);
  });

  it('change the site in the middle of a walk, and ignore startAt', async () => {
    const { call, control, issues, site } = await start();
    const [issue] = issues(1);
    for (let i = 0; i < 150; i++) site.silently(() => site.comments.add(issue!, `${i}`));
    control.fail(
      'comments',
      faults.meanwhile(() => site.comments.delete(issue!.comments[0]!)),
      { nth: 2 },
    );
    const page = async (startAt: number) => (await call(`2/issue/${issue!.id}/comment?startAt=${startAt}`)).json();
    const first = await page(0);
    const second = await page(100);
    expect([first.total, second.total]).toEqual([150, 149]);
    expect(second.comments[0].body).toBe('101');
    control.behaviour.ignoreStartAt = true;
    expect(await page(100)).toMatchObject({ startAt: 0 });
  });

  it('limit bursts when the site is set so', async () => {
    const { call } = await start({ rateLimit: { perSecond: 0.001, burst: 2, retryAfterSeconds: 7 } });
    const answers = [await call('3/myself'), await call('3/myself'), await call('3/myself')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]!.headers.get('retry-after')).toBe('7');
  });
});

describe('misuse', () => {
  it('is remembered: unknown routes and wrong methods', async () => {
    const { call, control } = await start();
    expect((await call('3/nonsense')).status).toBe(404);
    expect((await call('3/issue/bulkfetch')).status).toBe(405);
    expect(control.violations).toEqual([
      'unknown route: GET /rest/api/3/nonsense',
      'wrong method: GET /rest/api/3/issue/bulkfetch',
    ]);
  });
});
