/** A kill at any step costs nothing that was acknowledged and shows nobody half a thing. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { laneStart, readAhead } from '../../src/receive/inbox/inbox-reader.ts';
import type { PushedSource } from '../../src/receive/pushed-source.ts';
import type { ReplayReport } from '../../src/receive/shapes.ts';
import {
  applyHistory,
  headersOf,
  historyKinds,
  type PlannedDelivery,
  planDeliveries,
  randomHistory,
  startJiraSite,
} from '../doubles/jira-site/index.ts';
import { jiraSource, secrets } from '../helpers/jira-source.ts';
import { toldBy, truthOf } from '../helpers/jira-tables.ts';
import { flush, published, startPushed } from '../helpers/pushed-source.ts';

let directory: string;
let source: PushedSource | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-crash-'));
});

afterEach(async () => {
  delete process.env.DA_TEST_CRASH_POINT;
  await source?.close();
  source = undefined;
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

async function lived(seed: number) {
  const running = await startJiraSite({
    flavour: 'cloud',
    seed,
    startsAt: Date.now() - 600_000,
    siteUrl: 'https://acme.example',
  });
  applyHistory(
    running.site,
    randomHistory({ seed, length: 80, kinds: historyKinds.filter((kind) => !kind.startsWith('wait')) }),
  );
  await running.stop();
  const planned = planDeliveries(running.control.takeDeliveries(), { seed, order: 'shuffled', duplicates: 0.2 });
  return { truth: running.site.expectedTables(), planned };
}

function lowered(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function deliver(planned: readonly PlannedDelivery[]): Promise<void> {
  await Promise.all(
    planned.map(({ delivery, identifier }) =>
      source!.accept({
        headers: lowered(headersOf(delivery, secrets.JIRA_SECRET, { identifier })),
        body: Buffer.from(delivery.body),
        receivedAt: Date.now(),
      }),
    ),
  );
}

async function start(onEnd: () => void = () => {}): Promise<void> {
  const note = (message: string) => {
    if (message.includes('ended')) onEnd();
  };
  source = await startPushed(directory, acme, secrets, { note });
}

async function expectTruth(truth: Parameters<typeof truthOf>[0]): Promise<void> {
  const told = await toldBy(directory, 'jira', truth, { bodiesOnly: true });
  const wanted = truthOf(truth, { bodiesOnly: true });
  for (const name of Object.keys(wanted)) expect({ [name]: told[name] }).toEqual({ [name]: wanted[name] });
}

/** The history of a site may last for days. */
const acme = jiraSource('https://acme.example', { max_age_hours: 720 });

const points = [
  'apply.mid-batch',
  'apply.after-commit',
  'publish.before-part',
  'publish.mid-part:3',
  'part.before-sync:2',
  'part.before-rename:2',
  'part.after-rename:2',
  'publish.after-parts',
  'catalogue.before-write',
  'catalogue.after-write',
  'catalogue.before-rename',
  'catalogue.after-rename',
  'publish.after-all',
];

describe('C1 killed behind the door', () => {
  test.each(points.map((point, index) => [point, index + 1] as const))(
    'at %s, the tables equal the site all the same',
    async (point, seed) => {
      const { truth, planned } = await lived(seed);
      let kills = 0;
      process.env.DA_TEST_CRASH_POINT = point;
      await start(() => {
        kills += 1;
        delete process.env.DA_TEST_CRASH_POINT;
      });
      const half = Math.floor(planned.length / 2);
      await deliver(planned.slice(0, half));
      await deliver(planned.slice(half));
      await flush(source!);
      expect(kills).toBe(1);
      await expectTruth(truth);
    },
  );
});

describe('C1 killed at the door', () => {
  const script = fileURLToPath(new URL('./append-and-tell.mjs', import.meta.url));
  test.each(['inbox.before-append:4', 'inbox.before-sync:4', 'inbox.after-sync:4'])(
    'at %s, every acknowledged event is there once',
    async (point) => {
      const told = await new Promise<string>((resolve) => {
        execFile(process.execPath, [script, directory, point], (_error, stdout) => resolve(stdout));
      });
      const acknowledged = told.split('\n').filter((line) => line !== '');
      expect(acknowledged.length).toBeGreaterThanOrEqual(9);
      const kept = (await readAhead(directory, laneStart, 1 << 30)).frames.map(({ body }) => body.toString());
      expect(new Set(kept).size).toBe(kept.length);
      expect(kept).toEqual(expect.arrayContaining(acknowledged));
    },
  );
});

describe('C4 something of it is lost', () => {
  const extract = () => join(directory, 'extracts/jira');
  const losses: [string, () => Promise<void>][] = [
    ['a published part', async () => rm(await partPath(), { force: true })],
    [
      'half a published part',
      async () => {
        const path = await partPath();
        await rm(path, { force: true });
        await writeFile(path, 'PAR1');
      },
    ],
    ['the catalogue', () => rm(join(extract(), 'extract.duckdb'))],
    ['sense in the catalogue', () => truncate(join(extract(), 'extract.duckdb'), 5_000)],
    ['the state', () => rm(join(extract(), '.da/receive/state.duckdb'))],
    ['sense in the state', () => truncate(join(extract(), '.da/receive/state.duckdb'), 9_000)],
  ];
  async function partPath(): Promise<string> {
    const [name] = (await readdir(join(extract(), 'data/jira_issues'))).filter((file) => file.endsWith('.parquet'));
    return join(extract(), 'data/jira_issues', name!);
  }

  test.each(losses)('%s: published again from what is kept', async (_what, lose) => {
    const { truth, planned } = await lived(40);
    await start();
    await deliver(planned);
    await flush(source!);
    await source!.close();
    await lose();
    await start();
    await flush(source!);
    await expectTruth(truth);
  });
});

test('a replay from the kept events comes out the same, and nothing vanishes meanwhile', async () => {
  const { truth, planned } = await lived(50);
  await start();
  await deliver(planned);
  await flush(source!);
  const report = (await source!.order('replay')) as ReplayReport;
  expect(report.equal).toBe(true);
  expect(report.tables.find(({ table }) => table === 'jira_issues')!.rows).toBe(truth.issues.length);
  await flush(source!);
  await expectTruth(truth);
});

test('C6 of two processes for one source exactly one applies', async () => {
  const { truth, planned } = await lived(60);
  await start();
  await deliver(planned);
  await flush(source!);
  const refused: string[] = [];
  const second = await startPushed(directory, acme, secrets, {
    note: (message) => refused.push(message),
  });
  while (refused.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(refused[0]).toContain('in use by process');
  await second.close();
  await expectTruth(truth);
});

test('C8 told to stop under load it finishes its commit soon', async () => {
  const { planned } = await lived(70);
  await start();
  const answers = Promise.allSettled(planned.map((one) => deliver([one])));
  const begun = Date.now();
  await source!.close();
  expect(Date.now() - begun).toBeLessThan(6_000);
  const outcomes = await answers;
  // A delivery that is sent twice may be stored once.
  const accepted = new Set(
    planned.flatMap(({ identifier }, index) => (outcomes[index]!.status === 'fulfilled' ? [identifier] : [])),
  );
  source = undefined;
  await start();
  await flush(source!);
  const [row] = await published<{ n: number }>(
    directory,
    'jira',
    'SELECT count(DISTINCT identifier)::INTEGER AS n FROM jira_events',
  );
  expect(row!.n).toBe(accepted.size);
});
