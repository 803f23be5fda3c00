/** A backfill brings everything there is, by the hundred where the site can, and goes on where it was cut off. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jiraSettings } from '../../../src/connectors/jira/settings.ts';
import {
  applyHistory,
  faults,
  type RunningJiraSite,
  randomHistory,
  type SiteOptions,
  startJiraSite,
} from '../../doubles/jira-site/index.ts';
import { HeldSource } from '../../helpers/held-source.ts';
import { ask, askingSource, secrets } from '../../helpers/jira-source.ts';
import { expectSite } from '../../helpers/jira-tables.ts';
import { receiveTask } from '../../helpers/pushed-source.ts';

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

async function start(options: Partial<SiteOptions> = {}): Promise<RunningJiraSite> {
  running = await startJiraSite({ flavour: 'cloud', startsAt: Date.now() - 3_600_000, ...options });
  return running;
}

/** A site with so many issues, changed once each, and a remote link on every tenth. */
async function siteOf(count: number, options: Partial<SiteOptions> = {}) {
  const { site, url, control } = await start(options);
  const project = site.projects.create('MANY');
  const issues = site.silently(() =>
    Array.from({ length: count }, (_, index) => {
      const issue = site.issues.create({ project, summary: `issue ${index}` });
      site.issues.edit(issue, { summary: `edited ${index}` });
      if (index % 10 === 0) site.links.addRemote(issue, `https://x.example/${index}`, `${index}`);
      return issue;
    }),
  );
  return { site, control, issues, source: askingSource(url, site.flavour) };
}

const backfill = (source: ReturnType<typeof askingSource>) => ask(directory, source, [{ kind: 'backfill' }]);

test('Cloud is asked for a hundred issues in a call, and once for the remote links of each', async () => {
  const { control, source } = await siteOf(130);
  await backfill(source);
  await expectSite(directory, running!);
  expect(control.callsTo('bulkfetch')).toHaveLength(2);
  expect(control.callsTo('issue')).toEqual([]);
  expect(control.callsTo('remotelinks')).toHaveLength(130);
  expect(control.violations).toEqual([]);
});

test('what was brought is not fetched again, and what changed since comes with its remote links', async () => {
  const { control, source, site, issues } = await siteOf(30);
  await backfill(source);
  site.issues.edit(issues[3]!, { summary: 'edited again' });
  site.links.addRemote(issues[3]!, 'https://x.example/new', 'new');
  const before = control.calls.length;
  await backfill(source);
  await expectSite(directory, running!);
  const since = control.calls.slice(before).map(({ route }) => route);
  expect(since.filter((route) => route === 'bulkfetch')).toHaveLength(1);
  expect(since.filter((route) => route === 'remotelinks').length).toBeLessThan(31);
});

describe('issues are asked for one by one', () => {
  const lacking: [string, string, Parameters<RunningJiraSite['control']['fail']>[1]][] = [
    ['the site has no such call', 'bulkfetch', faults.notFound()],
    ['the token may not make it', 'bulkfetch', faults.status(403)],
    ['histories have none', 'changelog-bulkfetch', faults.status(405)],
    ['pages of histories do not advance', 'changelog-bulkfetch', faults.endlessPages()],
  ];
  test.each(lacking)('where %s', async (_what, route, fault) => {
    const { control, source } = await siteOf(12);
    control.fail(route, fault, { times: 100 });
    await backfill(source);
    control.heal();
    await expectSite(directory, running!);
    expect(control.callsTo('issue')).toHaveLength(12);
  });

  test('of Server', async () => {
    const { control, source } = await siteOf(12, { flavour: 'server' });
    await backfill(source);
    await expectSite(directory, running!);
    expect(control.violations).toEqual([]);
  });
});

describe('an answer for many that is not what was asked for', () => {
  const odd: [string, string, () => Parameters<RunningJiraSite['control']['fail']>[1]][] = [
    ['an issue it cannot show at present is asked for by itself', 'bulkfetch', faults.withheldIssue],
    ['fewer than asked: the others are asked for by themselves', 'bulkfetch', faults.loseItem],
    ['one twice counts once', 'bulkfetch', faults.repeatItem],
    ['a limit of calls is waited for', 'bulkfetch', () => faults.tooManyRequests(1)],
    ['a limit of histories is waited for', 'changelog-bulkfetch', () => faults.tooManyRequests('date')],
    ['half a JSON is asked for again', 'changelog-bulkfetch', faults.truncated],
    ['a histories page twice counts once', 'changelog-bulkfetch', faults.repeatItem],
  ];
  test.each(odd)('%s', async (_what, route, fault) => {
    const { control, source } = await siteOf(12);
    control.behaviour.changelogPage = 5;
    control.fail(route, fault(), { times: 1 });
    await backfill(source);
    await expectSite(directory, running!);
    expect(control.violations).toEqual([]);
  });

  const vanishing: [string, string][] = [
    ['the search and the call for many', 'bulkfetch'],
    ['the call for many and that for histories', 'changelog-bulkfetch'],
    ['the call for many and that for its long thread', 'comments'],
    ['the call for many and that for its remote links', 'remotelinks'],
  ];
  test.each(vanishing)('an issue that vanishes between %s takes no other with it', async (_what, route) => {
    const { control, source, site, issues } = await siteOf(12);
    const gone = issues[0]!;
    site.silently(() => {
      for (let index = 0; index < 30; index += 1) site.comments.add(gone, `comment ${index}`);
    });
    control.fail(
      route,
      faults.meanwhile(() => site.issues.delete(gone)),
    );
    await backfill(source);
    await ask(directory, source, [{ kind: 'find-deleted' }]);
    await expectSite(directory, running!);
  });
});

describe('a part the site does not show is not read, and the issue is told all the same', () => {
  const hidden: [string, string, number][] = [
    ['remote links, where linking is switched off', 'remotelinks', 403],
    ['remote links that are not found', 'remotelinks', 404],
    ['comments', 'comments', 404],
    ['the history', 'changelog', 404],
  ];
  test.each(hidden)('%s', async (_what, route, status) => {
    const { control, source, site, issues } = await siteOf(3);
    site.silently(() => {
      for (let index = 0; index < 120; index += 1) {
        site.comments.add(issues[1]!, `comment ${index}`);
        site.issues.edit(issues[1]!, { summary: `edit ${index}` });
      }
    });
    control.fail(route, faults.status(status), { times: 100 });
    // One by one, so that the history is read by the issue too.
    control.fail('bulkfetch', faults.notFound());
    await backfill(source);
    await ask(directory, source, [{ kind: 'find-deleted' }]);
    control.heal();
    site.issues.edit(issues[1]!, { summary: 'edited later' });
    await ask(directory, source, [{ kind: 'reconcile' }]);
    const links = site.state.issues.get(issues[0]!.id)!;
    site.issues.edit(links, { summary: 'edited later' });
    await ask(directory, source, [{ kind: 'reconcile' }]);
    await expectSite(directory, running!);
  });
});

test('cut off again and again, at every third call, it comes to its end and to the truth', async () => {
  const { site, url, control } = await start();
  applyHistory(site, randomHistory({ seed: 8, length: 120 }));
  expect(site.expectedTables().issues.length).toBeGreaterThan(8);
  const source = askingSource(url, 'cloud');
  const calls: number[] = [];
  for (let nth = 1; ; nth += 3) {
    const before = control.calls.length;
    control.fail('*', faults.tooManyRequests('hours'), { nth });
    const outcome = await backfill(source).catch((thrown: unknown) => thrown);
    control.heal();
    calls.push(control.calls.length - before);
    if (Array.isArray(outcome)) break;
    expect(outcome).toMatchObject({ retryable: true });
  }
  await expectSite(directory, running!);
  // The last ones had the lists left to ask for, and what was still open.
  expect(calls.at(-1)).toBeLessThan(calls.length * 3);
});

test('killed at any of its steps, it goes on there: no issue is lost, and hardly one is read twice', async () => {
  const { control, source, site, issues } = await siteOf(260, { startsAt: Date.now() - 3 * 86_400_000 });
  // Old enough that the look each process begins with does not find them.
  control.advance(2.5 * 86_400_000);
  control.behaviour.changelogPage = 60;
  const settings = jiraSettings.parse(source.settings) as unknown as Record<string, unknown>;
  const held = new HeldSource(receiveTask(directory, { ...source, settings }, secrets));
  try {
    await held.start();
    await held.order('flush');
    const kill = faults.meanwhile(() => held.killApplier());
    control.fail('bulkfetch', kill, { nth: 2 });
    control.fail('changelog-bulkfetch', kill, { nth: 4 });
    control.fail('remotelinks', kill, { nth: 120 });
    await held.order('backfill');
    expect(held.notes.filter((note) => note.includes('SIGKILL'))).toHaveLength(3);
    await held.order('flush');
  } finally {
    await held.close();
  }
  await expectSite(directory, running!);
  expect(site.state.issues.size).toBe(issues.length);
  expect(control.callsTo('bulkfetch').length).toBeLessThan(7);
  expect(control.callsTo('remotelinks').length).toBeLessThan(260 + 100);
  expect(control.callsTo('issue')).toEqual([]);
}, 120_000);
