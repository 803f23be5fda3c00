/** A state that is lost, damaged or replayed is built anew from what is kept, and nobody sees it half. */
import { access, copyFile, mkdtemp, open, readdir, rm, stat, truncate, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { extractFolder } from '../../src/contract/extract-folder.ts';
import { InboxWriter } from '../../src/receive/inbox/inbox-writer.ts';
import { receiveFolder } from '../../src/receive/receive-folder.ts';
import type { ReplayReport } from '../../src/receive/shapes.ts';
import {
  applyHistory,
  historyKinds,
  planDeliveries,
  randomHistory,
  startJiraSite,
} from '../doubles/jira-site/index.ts';
import { HeldSource } from '../helpers/held-source.ts';
import { applyAll, jiraSource, secrets, store, withApplier } from '../helpers/jira-source.ts';
import { expectSame, toldBy, truthOf } from '../helpers/jira-tables.ts';
import { published, receiveTask } from '../helpers/pushed-source.ts';

const acme = jiraSource('https://acme.example', { max_age_hours: 720 });
const day = 86_400_000;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-rebuilding-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

const folder = () => receiveFolder(extractFolder(directory, 'jira'));

async function lived(seed: number) {
  const running = await startJiraSite({
    flavour: 'cloud',
    seed,
    startsAt: Date.now() - 600_000,
    siteUrl: 'https://acme.example',
  });
  const kinds = historyKinds.filter((kind) => !kind.startsWith('wait'));
  applyHistory(running.site, randomHistory({ seed, length: 60, kinds }));
  await running.stop();
  const planned = planDeliveries(running.control.takeDeliveries(), { seed, order: 'shuffled', duplicates: 0.1 });
  return { truth: running.site.expectedTables(), planned };
}

async function expectTruth(truth: Parameters<typeof truthOf>[0]): Promise<void> {
  expectSame(await toldBy(directory, 'jira', truth, { bodiesOnly: true }), truthOf(truth, { bodiesOnly: true }));
}

/** So many people of the site, each in an event of its own: more than one batch takes. */
async function storePeople(count: number, from = 0): Promise<void> {
  const inbox = await InboxWriter.open(folder().inbox.pushed);
  await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const user = { accountId: `person-${from + index}`, displayName: `Person ${from + index}` };
      const body = { timestamp: Date.now(), webhookEvent: 'user_created', user };
      const facts = { identifier: null, name: 'user_created', occurredAt: body.timestamp, receivedAt: Date.now() };
      return inbox.append(facts, Buffer.from(JSON.stringify(body)));
    }),
  );
  await inbox.close();
}

const people = async () =>
  (await published<{ n: number }>(directory, 'jira', 'SELECT count(*)::INTEGER AS n FROM jira_users'))[0]!.n;

/** Writes rubbish into the chosen blocks of a database file and returns how many blocks it has. */
async function damageBlocks(path: string, chosen: (block: number) => boolean): Promise<number> {
  const [headBytes, blockBytes] = [12_288, 262_144];
  const file = await open(path, 'r+');
  const blocks = Math.floor(((await file.stat()).size - headBytes) / blockBytes);
  for (let block = 0; block < blocks; block += 1)
    if (chosen(block)) await file.write(Buffer.alloc(512, 0x5a), 0, 512, headBytes + block * blockBytes + 4_000);
  await file.close();
  return blocks;
}

describe('a state that is being built anew', () => {
  test('is not published half, also not by the process after a kill', async () => {
    await storePeople(5_000);
    await applyAll(directory, acme);
    expect(await people()).toBe(5_000);
    await rm(folder().state);
    await withApplier(directory, acme, async (applier) => {
      expect(await applier.applyNext()).toBe(true);
      expect(await applier.publishDue(true)).toBeNull();
    });
    await withApplier(directory, acme, async (applier) => {
      expect(await applier.publishDue(true)).toBeNull();
      expect(await applier.applyNext()).toBe(true);
      expect(await applier.publishDue(true)).toBeNull();
    });
    expect(await people()).toBe(5_000);
    await applyAll(directory, acme);
    expect(await people()).toBe(5_000);
  });

  test('goes live although events never stop coming', async () => {
    await storePeople(2_500);
    await applyAll(directory, acme);
    await rm(folder().state);
    await withApplier(directory, acme, async (applier) => {
      let rounds = 0;
      while ((await applier.publishDue(true)) === null && rounds < 10) {
        rounds += 1;
        await storePeople(3, 10_000 + 3 * rounds);
        expect(await applier.applyNext()).toBe(true);
      }
      expect(rounds).toBeLessThan(5);
    });
    expect(await people()).toBeGreaterThanOrEqual(2_500);
  });
});

test('a replay that is killed leaves the tables and the earlier state as they were', async () => {
  const { truth, planned } = await lived(71);
  const source = new HeldSource(receiveTask(directory, acme, secrets));
  try {
    await source.start();
    await source.acceptAll(planned);
    await source.order('flush');
    await source.close();
    await source.start('apply.after-commit');
    const replaying = source.order('replay');
    await vi.waitFor(() => expect(source.notes.join(' ')).toContain('SIGKILL'), { timeout: 30_000 });
    await expectTruth(truth);
    await source.arm(null);
    await replaying;
    await expectTruth(truth);
    expect(((await source.order('replay')) as ReplayReport).equal).toBe(true);
    await source.order('flush');
  } finally {
    await source.close();
  }
  await expectTruth(truth);
  expect((await readdir(folder().directory)).filter((name) => /before|building/.test(name))).toEqual([]);
});

test('C4 a block of the state that is damaged, wherever it lies, is met by building it anew', async () => {
  const { truth, planned } = await lived(72);
  const half = Math.floor(planned.length / 2);
  await store(directory, planned.slice(0, half));
  await applyAll(directory, acme);
  const sound = join(directory, 'sound.duckdb');
  await copyFile(folder().state, sound);
  const blocks = await damageBlocks(sound, () => false);
  expect(blocks).toBeGreaterThan(3);
  const source = new HeldSource(receiveTask(directory, acme, secrets));
  await store(directory, planned.slice(half));
  for (const block of [0, 1, Math.floor(blocks / 2), blocks - 1]) {
    await copyFile(sound, folder().state);
    await damageBlocks(folder().state, (one) => one === block);
    try {
      await source.start();
      await vi.waitFor(() => source.order('replay'), { timeout: 60_000, interval: 100 });
      await source.order('flush');
    } finally {
      await source.close();
    }
    await expectTruth(truth);
  }
});

describe('C4 the copy of the state that stands for old events', () => {
  async function withBase() {
    const { truth, planned } = await lived(73);
    const half = Math.ceil(planned.length / 2);
    for (const portion of [planned.slice(0, half), planned.slice(half)]) {
      await store(directory, portion);
      await applyAll(directory, acme);
    }
    const [first] = (await readdir(folder().inbox.pushed)).sort();
    await utimes(join(folder().inbox.pushed, first!), new Date(), new Date(Date.now() - 5 * day));
    return { truth, planned, first: first! };
  }

  test('is damaged, and the state too: what is kept is told, and what is missing is said once', async () => {
    const { truth } = await withBase();
    await applyAll(directory, acme, (applier) => applier.retain(Date.now() + 26.5 * day));
    await truncate(folder().state, 9_000);
    await truncate(folder().base, 9_000);
    const { damage } = await applyAll(directory, acme);
    expect(damage.filter((sentence) => sentence.includes('until a backfill brings it again'))).toHaveLength(1);
    const told = await toldBy(directory, 'jira', truth, { bodiesOnly: true });
    expect(told.issues!.length).toBeGreaterThan(0);
    expect((await applyAll(directory, acme)).damage).toEqual([]);
  });

  test('does not replace events while it cannot be read', async () => {
    const { truth, first } = await withBase();
    await withApplier(directory, acme, async (applier) => {
      await damageBlocks(folder().state, (block) => block > 0);
      await expect(applier.retain(Date.now() + 26.5 * day)).rejects.toThrow(/Corrupt/);
      expect(await readdir(folder().inbox.pushed)).toContain(first);
      await expect(access(folder().base)).rejects.toMatchObject({ code: 'ENOENT' });
      await applier.giveUpDamaged();
    });
    await applyAll(directory, acme);
    await expectTruth(truth);
  });
});

test('a disk that is full for a while does not cost the state', async () => {
  await storePeople(10);
  await applyAll(directory, acme);
  const before = await stat(folder().state);
  const fullDisk = Object.assign(new Error('IO Error: Could not write file: No space left on device'), {});
  const { Database } = await import('../../src/duckdb/database.ts');
  const opening = vi.spyOn(Database, 'open').mockRejectedValueOnce(fullDisk);
  await expect(applyAll(directory, acme)).rejects.toThrow('No space left');
  opening.mockRestore();
  expect((await stat(folder().state)).ino).toBe(before.ino);
  await applyAll(directory, acme);
  expect(await people()).toBe(10);
});
