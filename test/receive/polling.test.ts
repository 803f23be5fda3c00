/** What the source is asked for, and when one question may run beside another. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PollWay, PollWork } from '../../src/connectors/receive-way.ts';
import { Polling } from '../../src/receive/polling.ts';
import { jiraSource, withApplier } from '../helpers/jira-source.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-polling-'));
});

afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));

const report = { looked: 0, kept: 0, notes: [] };

/** What happened, in order, while a backfill of three pages ran. */
async function pagesAndLooks(everyMs: number, reconcile: (work: PollWork) => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  const nothing = async () => report;
  const way: PollWay = {
    everyMs,
    reconcile: async (work) => {
      seen.push('look');
      await reconcile(work);
      return report;
    },
    backfill: async (work) => {
      for (const page of ['first', 'second', 'third']) {
        seen.push(page);
        await work.keep(Buffer.from('{}'), { identifier: null, name: page, occurredAt: null });
      }
      return report;
    },
    findDeleted: nothing,
    hydrate: nothing,
  };
  await withApplier(directory, jiraSource('https://acme.example'), async (applier) => {
    const polling = await Polling.open(way, applier, (note) => seen.push(note));
    await polling.perform('backfill', new AbortController().signal);
    if (seen.includes('look') && !seen.some((one) => one.includes('did not finish')))
      expect(applier.facts.last_reconcile).not.toBeNull();
    await polling.close();
  });
  return seen;
}

test('a look that is due does not wait for the end of a backfill: it runs between two of its pages', async () => {
  const keeps = (work: PollWork) => work.keep(Buffer.from('{}'), { identifier: null, name: 'look', occurredAt: null });
  expect(await pagesAndLooks(0, keeps)).toEqual(['first', 'look', 'second', 'look', 'third', 'look']);
});

test('one that is not due yet does not run', async () => {
  expect(await pagesAndLooks(60_000, async () => {})).toEqual(['first', 'second', 'third']);
});

test('one that fails is told, leaves the backfill to go on, and is tried again later', async () => {
  const fails = async () => {
    throw new Error('the site is tired');
  };
  expect(await pagesAndLooks(0, fails)).toEqual([
    'first',
    'look',
    'reconcile did not finish: the site is tired',
    'second',
    'third',
  ]);
});
