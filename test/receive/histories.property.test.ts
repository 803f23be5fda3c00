/**
 * Random lives of a Jira site, told in any order, twice or not at all, to a source that is killed on the way: in the end its tables equal the site, row by row.
 * `DA_TEST_RUNS` sets how many lives are tried, `DA_TEST_SEED` which.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReplayReport } from '../../src/receive/shapes.ts';
import {
  applyHistory,
  historyKinds,
  type PlannedDelivery,
  planDeliveries,
  type RunningJiraSite,
  randomHistory,
  type SiteOptions,
  startJiraSite,
} from '../doubles/jira-site/index.ts';
import { HeldSource, signed } from '../helpers/held-source.ts';
import { askingSource, jiraSource, secrets } from '../helpers/jira-source.ts';
import { expectSame, type Tables, toldBy, truthOf } from '../helpers/jira-tables.ts';
import { receiveTask } from '../helpers/pushed-source.ts';

const numRuns = Number(process.env.DA_TEST_RUNS ?? 2);
const chosenSeed = process.env.DA_TEST_SEED === undefined ? {} : { seed: Number(process.env.DA_TEST_SEED) };

const points = [
  'inbox.before-append',
  'apply.mid-batch',
  'apply.after-commit',
  'publish.before-part',
  'publish.mid-part',
  'part.before-sync',
  'part.before-rename',
  'part.after-rename',
  'publish.after-parts',
  'catalogue.before-write',
  'catalogue.after-write',
  'catalogue.before-rename',
  'catalogue.after-rename',
  'publish.after-all',
];

/** What happens after a portion of the events is on its way. */
const fate = fc.oneof(
  fc.constant({ kind: 'nothing' as const }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1_200) }),
  fc.record({ kind: fc.constant('flush' as const) }),
  fc.record({ kind: fc.constant('kill applier' as const), ms: fc.nat(400) }),
  fc.record({
    kind: fc.constant('kill at' as const),
    point: fc.constantFrom(...points),
    passing: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({ kind: fc.constant('kill all' as const), ms: fc.nat(300) }),
);

const life = {
  flavour: fc.constantFrom('cloud' as const, 'server' as const),
  cascade: fc.constantFrom('all' as const, 'none' as const),
  seed: fc.nat(1_000_000),
  steps: fc.array(fc.record({ kind: fc.constantFrom(...historyKinds), seed: fc.nat() }), { maxLength: 90 }),
  order: fc.constantFrom('as-sent' as const, 'reversed' as const, 'shuffled' as const),
  duplicates: fc.constantFrom(0, 0.2),
  twins: fc.constantFrom(0, 0.2),
  fates: fc.array(fate, { minLength: 1, maxLength: 5 }),
};

type Life = { [Key in keyof typeof life]: (typeof life)[Key] extends fc.Arbitrary<infer Value> ? Value : never };
type Fate = Life['fates'][number];

async function startSite(
  { flavour, cascade, seed, steps }: Life,
  linkEvents: SiteOptions['linkEvents'],
): Promise<RunningJiraSite> {
  const running = await startJiraSite({
    flavour,
    cascade,
    seed,
    linkEvents,
    startsAt: Date.now() - 20 * 3_600_000,
  });
  // Something to act on, whatever the steps are.
  applyHistory(running.site, randomHistory({ seed, length: 25, kinds: ['createIssue', 'addComment', 'logWork'] }));
  applyHistory(running.site, steps);
  return running;
}

/** Sends as Jira does: what was not acknowledged is sent again. */
class Sender {
  private readonly source: HeldSource;
  private open: PlannedDelivery[] = [];

  constructor(source: HeldSource) {
    this.source = source;
  }

  async send(planned: readonly PlannedDelivery[]): Promise<void> {
    const all = [...this.open, ...planned];
    const outcomes = await Promise.allSettled(all.map((one) => this.source.accept(signed(one))));
    this.open = all.filter((_, index) => outcomes[index]!.status === 'rejected');
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function meet(source: HeldSource, what: Fate, sending: Promise<void>, sender: Sender): Promise<void> {
  if (what.kind === 'kill all') {
    await pause(what.ms);
    await source.killAll();
    await sending;
    await source.start();
    await sender.send([]);
    return;
  }
  if (what.kind === 'kill applier') {
    await pause(what.ms);
    source.killApplier();
  } else if (what.kind === 'kill at') {
    await source.arm(`${what.point}:${what.passing}`);
    source.killApplier();
    await pause(600);
    await source.arm(null);
  } else if (what.kind === 'wait') await pause(what.ms);
  await sending;
  if (what.kind === 'flush') await source.order('flush');
}

async function live(source: HeldSource, planned: PlannedDelivery[], { fates }: Life): Promise<void> {
  const sender = new Sender(source);
  await source.start();
  const size = Math.ceil(planned.length / fates.length);
  for (const [index, what] of fates.entries()) {
    const sending = sender.send(planned.slice(index * size, (index + 1) * size));
    await meet(source, what, sending, sender);
  }
  await sender.send([]);
}

async function settle(source: HeldSource): Promise<void> {
  await source.order('flush');
  expect(await source.quarantined()).toEqual([]);
  const replayed = (await source.order('replay')) as ReplayReport;
  expect(replayed.tables.filter(({ before, after }) => before !== after)).toEqual([]);
}

async function inFolder(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'da-lives-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

test('without loss, bodies alone bring the whole truth, whatever is killed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.record(life), (chosen) =>
      inFolder(async (directory) => {
        const site = await startSite(chosen, 'with-issue-updates');
        await site.stop();
        const { order, duplicates, twins, seed } = chosen;
        const planned = planDeliveries(site.control.takeDeliveries(), { seed, order, duplicates, twins });
        const settings = { deployment: chosen.flavour, max_age_hours: 720 };
        const source = new HeldSource(receiveTask(directory, jiraSource(site.url, settings), secrets));
        try {
          await live(source, planned, chosen);
          await settle(source);
        } finally {
          await source.close();
        }
        const truth = site.site.expectedTables();
        expectSame(await toldBy(directory, 'jira', truth, { bodiesOnly: true }), truthOf(truth, { bodiesOnly: true }));
      }),
    ),
    { numRuns, endOnFailure: numRuns > 10, ...chosenSeed },
  );
});

test('with loss, asking at the end brings the whole truth, whatever is killed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.record(life), fc.double({ min: 0.05, max: 1, noNaN: true }), (chosen, lost) =>
      inFolder(async (directory) => {
        // A link that only asking finds out about.
        const running = await startSite(chosen, 'bare');
        const { order, duplicates, twins, seed, flavour } = chosen;
        const planned = planDeliveries(running.control.takeDeliveries(), { seed, order, duplicates, twins, lost });
        const asking = askingSource(running.url, flavour, { max_age_hours: 720 });
        const source = new HeldSource(receiveTask(directory, asking, secrets));
        try {
          await live(source, planned, chosen);
          await source.order('reconcile');
          await source.order('find-deleted', true);
          await settle(source);
        } finally {
          await source.close();
          await running.stop();
        }
        const truth = running.site.expectedTables();
        const told = await toldBy(directory, 'jira', truth, { bodiesOnly: false });
        expectSame(withoutUnseenEpics(told), withoutUnseenEpics(truthOf(truth, { bodiesOnly: false })));
        expect(running.control.violations).toEqual([]);
      }),
    ),
    { numRuns, endOnFailure: numRuns > 10, ...chosenSeed },
  );
});

/** Server names an epic by its key alone: one whose project is in the trash has an id only where an event told it before. */
function withoutUnseenEpics(tables: Tables): Tables {
  const seen = new Set(tables.issues!.map((issue) => issue.issue_id));
  const issues = tables.issues!.map((issue) => (seen.has(issue.epic_id ?? null) ? issue : { ...issue, epic_id: null }));
  return { ...tables, issues };
}
