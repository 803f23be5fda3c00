/** What events lose, asking finds: the tables equal the site again, and what cannot be read deletes nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JiraClient } from '../../../src/connectors/jira/rest/client.ts';
import { jiraSettings } from '../../../src/connectors/jira/settings.ts';
import {
  applyHistory,
  faults,
  planDeliveries,
  type RunningJiraSite,
  randomHistory,
  type SiteOptions,
  startJiraSite,
} from '../../doubles/jira-site/index.ts';
import { applyAll, ask, askingSource, store } from '../../helpers/jira-source.ts';
import { expectSite, type Tables, toldBy } from '../../helpers/jira-tables.ts';
import { published } from '../../helpers/pushed-source.ts';

let directory: string;
let running: RunningJiraSite | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-jira-'));
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

async function site(options: Partial<SiteOptions>): Promise<RunningJiraSite> {
  running = await startJiraSite({ flavour: 'cloud', startsAt: Date.now() - 3_600_000, ...options });
  return running;
}

const expectTruth = (after?: string): Promise<Tables> => expectSite(directory, running!, after);

/** `DA_TEST_RUNS` says how many histories of each kind are gone through. */
const seeds = Array.from({ length: Number(process.env.DA_TEST_RUNS ?? 1) }, (_, index) => index + 1);
const cases = (['cloud', 'server'] as const).flatMap((flavour) => seeds.map((seed) => [flavour, seed] as const));

test.each(cases)('a %s site is told fully by a backfill alone (seed %i)', async (flavour, seed) => {
  const { site: jira, url, control } = await site({ flavour, seed });
  applyHistory(jira, randomHistory({ seed, length: 150 }));
  await ask(directory, askingSource(url, flavour), [{ kind: 'backfill' }]);
  await expectTruth();
  expect(control.violations).toEqual([]);
});

test.each(cases)(
  'a third of the events of a %s site is lost, and a look at the end finds it (seed %i)',
  async (flavour, seed) => {
    const { site: jira, url, control } = await site({ flavour, seed, linkEvents: 'bare' });
    applyHistory(jira, randomHistory({ seed, length: 200 }));
    const planned = planDeliveries(control.takeDeliveries(), { seed, order: 'shuffled', duplicates: 0.1, lost: 0.33 });
    await store(directory, planned);
    const source = askingSource(url, flavour);
    await applyAll(directory, source);
    await ask(directory, source, [{ kind: 'reconcile' }, { kind: 'find-deleted', force: true }]);
    await expectTruth();
    expect(control.violations).toEqual([]);
  },
);

describe('a site that fails', () => {
  async function filled() {
    const { site: jira, url, control } = await site({});
    applyHistory(jira, randomHistory({ seed: 5, length: 120 }));
    control.takeDeliveries();
    const source = askingSource(url, 'cloud');
    await ask(directory, source, [{ kind: 'backfill' }]);
    return { jira, control, source, before: await expectTruth() };
  }

  const passing: [string, Parameters<RunningJiraSite['control']['fail']>[1]][] = [
    ['429 with seconds', faults.tooManyRequests(1)],
    ['429 with a date', faults.tooManyRequests('date')],
    ['429 with nothing', faults.tooManyRequests('nothing')],
    ['503 with Retry-After', faults.unavailable(1)],
    ['a page of HTML', faults.html()],
    ['null', faults.nullBody()],
    ['half a JSON', faults.truncated()],
    ['a broken connection', faults.dropped()],
  ];

  test('what passes is waited for, and nothing is lost', async () => {
    const { jira, control, source } = await filled();
    // Two in a look, one after the other, at both calls.
    for (let at = 0; at < passing.length; at += 2) {
      const pair = passing.slice(at, at + 2);
      applyHistory(jira, randomHistory({ seed: 6, length: 20 }));
      for (const [index, [, fault]] of pair.entries())
        for (const route of ['issue', 'search']) control.fail(route, fault, { nth: index + 1 });
      await ask(directory, source, [{ kind: 'reconcile' }, { kind: 'find-deleted', force: true }]);
      await expectTruth(pair.map(([what]) => what).join(', then '));
      control.heal();
    }
  });

  test('hours to wait end the look, and the next one goes on', async () => {
    const { jira, control, source } = await filled();
    applyHistory(jira, randomHistory({ seed: 7, length: 20 }));
    control.fail('search', faults.tooManyRequests('hours'), { times: 1 });
    await expect(ask(directory, source, [{ kind: 'reconcile' }])).rejects.toMatchObject({ retryable: true });
    await ask(directory, source, [{ kind: 'reconcile' }, { kind: 'find-deleted', force: true }]);
    await expectTruth();
  });

  const shifting: [string, (running: RunningJiraSite) => void][] = [
    ['a page token that expired', ({ control }) => control.fail('search', faults.expiredToken(), { times: 1 })],
    ['an item that two pages show', ({ control }) => control.fail('search', faults.repeatItem(), { times: 1 })],
    ['an item that no page shows', ({ control }) => control.fail('search', faults.loseItem(), { times: 1 })],
    ['an index that lags', ({ control }) => Object.assign(control.behaviour, { indexLagMilliseconds: 60_000 })],
  ];

  test('what shifts while it is read is whole after the next look', async () => {
    const { jira, control, source } = await filled();
    for (const [what, shift] of shifting) {
      applyHistory(jira, randomHistory({ seed: 6, length: 20 }));
      shift(running!);
      await ask(directory, source, [{ kind: 'reconcile' }]).catch(() => {}); // It may be refused; it must not lose.
      control.heal();
      Object.assign(control.behaviour, { indexLagMilliseconds: 0 });
      await ask(directory, source, [{ kind: 'reconcile' }, { kind: 'find-deleted', force: true }]);
      await expectTruth(what);
    }
  });

  test('a project whose right was taken away keeps its issues: 404 also means "you may not see it"', async () => {
    const { control, source, before, jira } = await filled();
    for (const { key } of jira.state.projects.values()) control.behaviour.hiddenProjects.add(key);
    const [report] = await ask(directory, source, [{ kind: 'find-deleted' }]);
    expect(report!.notes.join(' ')).toMatch(/nothing was deleted/);
    const told = await toldBy(directory, 'jira', jira.expectedTables(), { bodiesOnly: false });
    expect(told.issues).toEqual(before.issues);
  });

  test('one project whose right was taken away keeps its issues, until an operator says that it is gone', async () => {
    const { control, source, before, jira } = await filled();
    const issues = before.issues!.map(({ project_key }) => project_key);
    const [most] = [...new Set(issues)].sort((a, b) => count(b) - count(a));
    function count(key: unknown) {
      return issues.filter((one) => one === key).length;
    }
    // More than the limit lets go at once.
    const project = [...jira.state.projects.values()].find(({ key }) => key === most)!;
    jira.silently(() => {
      for (let index = 0; index < 25; index += 1) jira.issues.create({ project, summary: `more ${index}` });
    });
    await ask(directory, source, [{ kind: 'reconcile' }]);
    const all = await expectTruth();
    control.behaviour.hiddenProjects.add(project.key);
    await ask(directory, source, [{ kind: 'reconcile' }, { kind: 'find-deleted' }]);
    const told = await toldBy(directory, 'jira', jira.expectedTables(), { bodiesOnly: false });
    expect(told.issues).toEqual(all.issues);
    expect(told.projects).toEqual(all.projects);
    await ask(directory, source, [{ kind: 'find-deleted', force: true }]);
    const forced = await toldBy(directory, 'jira', jira.expectedTables(), { bodiesOnly: false });
    expect(forced.issues!.length).toBe(all.issues!.filter(({ project_key }) => project_key !== project.key).length);
  });

  test('S10 a redirect is not followed, so the token stays with the site', async () => {
    const seen: string[] = [];
    const elsewhere = createServer((request, response) => {
      seen.push(request.headers.authorization ?? '');
      response.end('{}');
    });
    const site = createServer((_request, response) => {
      const { port } = elsewhere.address() as AddressInfo;
      response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end();
    });
    await Promise.all(
      [elsewhere, site].map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))),
    );
    try {
      const client = new JiraClient({
        source: 'jira',
        settings: jiraSettings.parse({
          ...askingSource(`http://127.0.0.1:${(site.address() as AddressInfo).port}`, 'cloud').settings,
        }),
        signal: AbortSignal.timeout(3_000),
        secret: () => 'a token',
      });
      await expect(client.object({ method: 'GET', path: '/rest/api/2/myself', endpoint: 'myself' })).rejects.toThrow();
      expect(seen).toEqual([]);
    } finally {
      for (const server of [elsewhere, site]) server.close();
    }
  });

  test('S10 the address of an attachment is data: nobody fetches it', async () => {
    let fetched = 0;
    const trap = createServer((_request, response) => {
      fetched += 1;
      response.end();
    });
    await new Promise<void>((done) => trap.listen(0, '127.0.0.1', done));
    const content = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/secret`;
    try {
      const { site: jira, control, url } = await site({});
      applyHistory(jira, randomHistory({ seed: 3, length: 40, kinds: ['createIssue', 'attach'] }));
      const planned = planDeliveries(control.takeDeliveries()).map((one) => {
        const body = one.delivery.body.replaceAll(/"(content|thumbnail)":"[^"]*"/g, `"$1":"${content}"`);
        return { ...one, delivery: { ...one.delivery, body } };
      });
      await store(directory, planned);
      await applyAll(directory, askingSource(url, 'cloud'));
      const urls = await published(directory, 'jira', 'SELECT DISTINCT content_url FROM jira_attachments');
      expect(urls).toEqual([{ content_url: content }]);
      expect(fetched).toBe(0);
    } finally {
      trap.close();
    }
  });

  test('a search that is suddenly empty, and rights that are gone, delete nothing', async () => {
    const { control, source, before, jira } = await filled();
    control.behaviour.searchIsEmpty = true;
    const [empty] = await ask(directory, source, [{ kind: 'find-deleted' }]);
    expect(empty!.notes.join(' ')).toMatch(/nothing was deleted/);
    control.behaviour.searchIsEmpty = false;
    const told = await toldBy(directory, 'jira', jira.expectedTables(), { bodiesOnly: false });
    expect(told.issues).toEqual(before.issues);
    expect(told.comments).toEqual(before.comments);
  });

  test('a site that ignores startAt leaves long threads as they were', async () => {
    const { site: jira, url, control } = await site({});
    const project = jira.projects.create('LONG');
    const issue = jira.issues.create({ project, summary: 'A long thread' });
    for (let index = 0; index < 250; index += 1) jira.comments.add(issue, `comment ${index}`);
    const source = askingSource(url, 'cloud');
    await ask(directory, source, [{ kind: 'backfill' }]);
    const before = await expectTruth();
    jira.issues.edit(issue, { summary: 'Touched' });
    control.behaviour.ignoreStartAt = true;
    await ask(directory, source, [{ kind: 'reconcile' }]);
    control.behaviour.ignoreStartAt = false;
    const told = await toldBy(directory, 'jira', jira.expectedTables(), { bodiesOnly: false });
    expect(told.comments).toEqual(before.comments);
    expect(before.comments).toHaveLength(250);
  });

  test('a comment deleted while its thread is walked does not take others with it', async () => {
    const { site: jira, url, control } = await site({});
    const project = jira.projects.create('LONG');
    const issue = jira.issues.create({ project, summary: 'A long thread' });
    const comments = Array.from({ length: 250 }, (_, index) => jira.comments.add(issue, `comment ${index}`));
    control.fail(
      'comments',
      faults.meanwhile(() => jira.comments.delete(comments[3]!)),
      { nth: 2, times: 1 },
    );
    const source = askingSource(url, 'cloud');
    await ask(directory, source, [{ kind: 'backfill' }]);
    await ask(directory, source, [{ kind: 'reconcile' }]);
    await expectTruth();
  });

  test('more than a hundred changes of one issue are all brought', async () => {
    const { site: jira, url } = await site({});
    const project = jira.projects.create('HIST');
    const issue = jira.issues.create({ project, summary: 'Start' });
    for (let index = 0; index < 130; index += 1) jira.issues.edit(issue, { summary: `Summary ${index}` });
    await ask(directory, askingSource(url, 'cloud'), [{ kind: 'backfill' }]);
    const told = await expectTruth();
    expect(told.changelog!.length).toBeGreaterThan(100);
  });

  test('a scoped token works through the gateway', async () => {
    const { site: jira, url, gatewayUrl } = await site({});
    applyHistory(jira, randomHistory({ seed: 9, length: 40 }));
    const source = askingSource(url, 'cloud', { gateway_url: gatewayUrl, token_env: 'JIRA_SCOPED_TOKEN' });
    await ask(directory, source, [{ kind: 'backfill' }]);
    await expectTruth();
  });
});
