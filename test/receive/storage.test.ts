/** What disks, limits and readers do to a pushed source; each row names its outcome. */
import { execFile, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, rename, rm, stat, symlink, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { jira } from '../../src/connectors/jira/jira.ts';
import { jiraSettings } from '../../src/connectors/jira/settings.ts';
import { pushedTables } from '../../src/connectors/pushed-tables.ts';
import { SyncOrchestrator } from '../../src/orchestrator/orchestrator.ts';
import { laneStart, readAhead } from '../../src/receive/inbox/inbox-reader.ts';
import { defaultInboxLimits, InboxWriter } from '../../src/receive/inbox/inbox-writer.ts';
import type { ReplayReport } from '../../src/receive/shapes.ts';
import {
  applyHistory,
  historyKinds,
  planDeliveries,
  randomHistory,
  startJiraSite,
} from '../doubles/jira-site/index.ts';
import { HeldSource } from '../helpers/held-source.ts';
import { applyAll, jiraSource, secrets, store } from '../helpers/jira-source.ts';
import { expectSame, toldBy, truthOf } from '../helpers/jira-tables.ts';
import { published, receiveTask } from '../helpers/pushed-source.ts';

const run = promisify(execFile);
const programs = {
  keepHouse: fileURLToPath(new URL('./keep-house.mjs', import.meta.url)),
  readExtract: fileURLToPath(new URL('./read-extract.mjs', import.meta.url)),
  appendUntilFull: fileURLToPath(new URL('./append-until-full.mjs', import.meta.url)),
};
const acme = jiraSource('https://acme.example', { max_age_hours: 720 });
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-storage-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

async function lived(seed: number, length = 120) {
  const running = await startJiraSite({
    flavour: 'cloud',
    seed,
    startsAt: Date.now() - 600_000,
    siteUrl: 'https://acme.example',
  });
  const kinds = historyKinds.filter((kind) => !kind.startsWith('wait'));
  applyHistory(running.site, randomHistory({ seed, length, kinds }));
  await running.stop();
  const planned = planDeliveries(running.control.takeDeliveries(), { seed, order: 'shuffled', duplicates: 0.1 });
  return { truth: running.site.expectedTables(), planned };
}

async function expectTruth(truth: Parameters<typeof truthOf>[0]): Promise<void> {
  expectSame(await toldBy(directory, 'jira', truth, { bodiesOnly: true }), truthOf(truth, { bodiesOnly: true }));
}

describe('C1 killed while it keeps house', () => {
  const points = [
    'compact.mid-move',
    'compact.after-move',
    'publish.mid-part',
    'publish.after-parts',
    'catalogue.before-rename',
    'catalogue.after-rename',
    'sweep.before',
    'sweep.before-remove',
    'sweep.after-remove',
  ];
  test.each(points.map((point, index) => [point, index + 1] as const))(
    'at %s, nothing is lost and nothing doubled',
    async (point, seed) => {
      const { truth, planned } = await lived(seed, 60);
      // Two portions, so that there are parts nobody names any more.
      const half = Math.floor(planned.length / 2);
      for (const portion of [planned.slice(0, half), planned.slice(half)]) {
        await store(directory, portion);
        await applyAll(directory, acme);
      }
      const task = receiveTask(directory, acme, secrets);
      const given = JSON.stringify({ ...task, limits: { ...task.limits, graceMs: 0 } });
      await expect(run(process.execPath, [programs.keepHouse, given, point])).rejects.toMatchObject({
        signal: 'SIGKILL',
      });
      await applyAll(directory, acme);
      await expectTruth(truth);
      const { stdout } = await run(process.execPath, [programs.keepHouse, given, 'nowhere']);
      expect(JSON.parse(stdout)).toHaveProperty('moved');
      await expectTruth(truth);
    },
  );
});

describe('C3 the inbox cannot be written', () => {
  const facts = { identifier: null, name: null, occurredAt: null, receivedAt: 1 };
  const kept = async () => (await readAhead(directory, laneStart, 1 << 30)).frames.map(({ body }) => body.toString());

  test('below the floor of the disk: refused as unavailable, and taken again once there is room', async () => {
    const limits = { ...defaultInboxLimits, floorBytes: Number.MAX_SAFE_INTEGER };
    const inbox = await InboxWriter.open(directory, limits);
    await expect(inbox.append(facts, Buffer.from('early'))).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
    });
    limits.floorBytes = 0;
    await vi.waitFor(() => inbox.append(facts, Buffer.from('late')), { timeout: 20_000, interval: 200 });
    await inbox.close();
    expect(await kept()).toEqual(['late']);
  });

  test('a flush that fails: those who waited are refused, its file is never trusted again, and the next are taken', async () => {
    const inbox = await InboxWriter.open(directory);
    await inbox.append(facts, Buffer.from('before'));
    const probe = await open(join(directory, 'probe'), 'w');
    const flush = vi.spyOn(Object.getPrototypeOf(probe) as { datasync(): Promise<void> }, 'datasync');
    await probe.close();
    flush.mockRejectedValueOnce(Object.assign(new Error('i/o error'), { code: 'EIO' }));
    await expect(inbox.append(facts, Buffer.from('lost'))).rejects.toMatchObject({ code: 'unavailable' });
    await inbox.append(facts, Buffer.from('after'));
    await inbox.close();
    expect((await readdir(directory)).filter((name) => name.endsWith('.seg'))).toHaveLength(2);
    expect(await kept()).toEqual(expect.arrayContaining(['before', 'after']));
  });

  test('files that may not grow: a torn frame is stepped over, and every acknowledged event is there once', async () => {
    const told = await run('bash', [
      '-c',
      `trap '' XFSZ; ulimit -f 64; exec "${process.execPath}" "${programs.appendUntilFull}" "${directory}"`,
    ]);
    const { acknowledged, refused } = JSON.parse(told.stdout) as { acknowledged: string[]; refused: string[] };
    expect(refused.length).toBeGreaterThan(0);
    expect(acknowledged.length).toBeGreaterThan(50);
    const found = await kept();
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(expect.arrayContaining(acknowledged));
  });
});

const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0;
const readOnly = mayMount
  ? 'a file system that becomes read-only'
  : 'a folder that is gone (nothing may be mounted here)';

test(`C3 ${readOnly}: refused while it lasts, taken again after it, and what was acknowledged is there`, async () => {
  const place = join(directory, 'place');
  const facts = { identifier: null, name: null, occurredAt: null, receivedAt: 1 };
  await mkdir(place);
  if (mayMount) await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'none', place]);
  try {
    const limits = { ...defaultInboxLimits, floorBytes: 0 };
    const earlier = await InboxWriter.open(place, limits);
    await earlier.append(facts, Buffer.from('before'));
    await earlier.close();
    if (mayMount) await run('mount', ['-o', 'remount,ro', place]);
    const inbox = await InboxWriter.open(place, limits);
    if (!mayMount) await rename(place, `${place}.away`);
    await expect(inbox.append(facts, Buffer.from('meanwhile'))).rejects.toMatchObject({ code: 'unavailable' });
    if (mayMount) await run('mount', ['-o', 'remount,rw', place]);
    else await rename(`${place}.away`, place);
    await inbox.append(facts, Buffer.from('after'));
    await inbox.close();
    const kept = (await readAhead(place, laneStart, 1 << 30)).frames.map(({ body }) => body.toString());
    expect(kept).toEqual(['before', 'after']);
  } finally {
    if (mayMount) await run('umount', ['-l', place]);
  }
});

test('C3 parts that would have to cross to another file system (EXDEV): nothing goes live, and once they need not, all is there', async () => {
  const elsewhere = await mkdtemp('/dev/shm/da-elsewhere-');
  const { truth, planned } = await lived(32, 60);
  const data = join(directory, 'extracts/jira/data');
  try {
    await applyAll(directory, acme);
    expect((await stat(elsewhere)).dev).not.toBe((await stat(data)).dev);
    await rename(data, `${data}.before`);
    await symlink(elsewhere, data);
    await store(directory, planned);
    await expect(applyAll(directory, acme)).rejects.toMatchObject({ code: 'EXDEV' });
    await rm(data);
    await rename(`${data}.before`, data);
    await applyAll(directory, acme);
    await expectTruth(truth);
  } finally {
    await rm(elsewhere, { recursive: true, force: true });
  }
});

test('C3 the process behind the door may not write: the door goes on taking, and it recovers by itself', async () => {
  const { truth, planned } = await lived(31);
  const source = new HeldSource(receiveTask(directory, acme, secrets));
  try {
    await source.start();
    await source.order('flush');
    for (const pid of source.applierPids()) await run('prlimit', ['--fsize=1000', '--pid', String(pid)]);
    await source.acceptAll(planned);
    await vi.waitFor(() => expect(source.notes.join(' ')).toContain('ended'), { timeout: 60_000, interval: 100 });
    await source.order('flush');
    expect(await source.quarantined()).toEqual([]);
    expect(((await source.order('replay')) as ReplayReport).equal).toBe(true);
  } finally {
    await source.close();
  }
  await expectTruth(truth);
});

test('C7 the master is rebuilt again and again while parts go live: every table is there each time, and none is stale', async () => {
  const { truth, planned } = await lived(61, 60);
  const keeper = new SyncOrchestrator({
    dataDirectory: directory,
    duckdb: { memoryLimit: '200MB', threads: 1 },
    limits: { extractMemoryBytes: 1e9, extractTimeMs: 60_000, graceMs: 3_600_000 },
  });
  const ids = pushedTables(jira.receive!, jiraSettings.parse(acme.settings)).map(({ id }) => id);
  const source = new HeldSource(receiveTask(directory, acme, secrets));
  const seen: { missing: string[]; stale: unknown; problems: unknown }[] = [];
  let publishing = true;
  const rebuildAll = async () => {
    while (publishing) {
      const { stale, problems } = await keeper.rebuild();
      const { tables } = keeper.catalogue();
      seen.push({ missing: ids.filter((id) => !tables.has(id)), stale, problems });
    }
  };
  try {
    await source.start();
    await source.order('flush');
    const rebuilding = rebuildAll();
    const rounds = Number(process.env.DA_TEST_RUNS ?? 12);
    const size = Math.ceil(planned.length / rounds);
    for (let start = 0; start < planned.length; start += size) {
      await source.acceptAll(planned.slice(start, start + size));
      await source.order('flush');
    }
    publishing = false;
    await rebuilding;
    await source.order('flush');
  } finally {
    publishing = false;
    await source.close();
  }
  expect(seen.length).toBeGreaterThan(5);
  for (const one of seen) expect(one).toEqual({ missing: [], stale: [], problems: [] });
  await expectTruth(truth);
});

test('old events are packed, then dropped once a copy of the state stands in for them, and a replay comes out the same', async () => {
  const { truth, planned } = await lived(41, 60);
  const third = Math.ceil(planned.length / 3);
  for (let start = 0; start < planned.length; start += third) {
    await store(directory, planned.slice(start, start + third));
    await applyAll(directory, acme);
  }
  const receive = join(directory, 'extracts/jira/.da/receive');
  const segments = () => readdir(join(receive, 'inbox-pushed'));
  const [first, second, third_] = (await segments()).sort() as [string, string, string];
  const day = 86_400_000;
  await applyAll(directory, acme, async (applier) => {
    for (let time = 0; time < 3; time += 1) await applier.retain();
    // What is read at present stays as it is.
    expect((await segments()).sort()).toEqual([`${first}.gz`, `${second}.gz`, third_]);
    expect(((await applier.replay(new AbortController().signal)) as ReplayReport).equal).toBe(true);
    await utimes(join(receive, 'inbox-pushed', `${first}.gz`), new Date(), new Date(Date.now() - 5 * day));
    await applier.retain(Date.now() + 25.5 * day);
    expect(await segments()).toContain(`${first}.gz`);
    await applier.retain(Date.now() + 26.5 * day);
    expect((await segments()).sort()).toEqual([`${second}.gz`, third_]);
    expect(((await applier.replay(new AbortController().signal)) as ReplayReport).equal).toBe(true);
  });
  await rm(join(receive, 'state.duckdb'));
  await applyAll(directory, acme);
  await expectTruth(truth);
  const sequences = 'SELECT count(*)::INTEGER AS n, count(sha256)::INTEGER AS hashed FROM jira_events';
  expect(await published(directory, 'jira', sequences)).toEqual([{ n: planned.length, hashed: planned.length }]);
});

test('C5 other programs read on while a storm is applied, published, compacted and swept', async () => {
  const { truth, planned } = await lived(51, 40);
  await applyAll(directory, acme);
  const file = join(directory, 'extracts/jira/extract.duckdb');
  const readers = ['jira_events'].map((table) => fork(programs.readExtract, [file, table]));
  try {
    await Promise.all(readers.map((reader) => once(reader, 'message')));
    const size = Math.ceil(planned.length / 2);
    for (let start = 0; start < planned.length; start += size) {
      await store(directory, planned.slice(start, start + size));
      await applyAll(directory, acme, async (applier) => {
        await applier.publishDue(true);
        await applier.compact(Date.now() + 900_000);
        await applier.sweep();
      });
    }
    for (const reader of readers) {
      const told = once(reader, 'message');
      reader.send('stop');
      const [outcome] = (await told) as [{ queries: number }];
      expect(outcome).toMatchObject({ errors: [], disagreements: 0 });
      expect(outcome.queries).toBeGreaterThan(2);
    }
  } finally {
    for (const reader of readers) reader.kill('SIGKILL');
  }
  await expectTruth(truth);
});
