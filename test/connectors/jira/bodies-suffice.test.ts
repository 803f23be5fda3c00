/** Without loss the tables equal the site from bodies alone, whatever the order and however often each arrives. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  applyHistory,
  planDeliveries,
  randomHistory,
  type SiteOptions,
  startJiraSite,
} from '../../doubles/jira-site/index.ts';
import { applyAll, jiraSource, store } from '../../helpers/jira-source.ts';
import { toldBy, truthOf } from '../../helpers/jira-tables.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-jira-'));
});

afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));

const sites: Partial<SiteOptions>[] = [
  { flavour: 'cloud' },
  { flavour: 'server' },
  { flavour: 'cloud', cascade: 'none' },
  { flavour: 'server', cascade: 'none' },
];

const cases = sites.flatMap((site, index) => [1, 2].map((seed) => [site, seed + index * 10] as const));

test.each(cases)('bodies of %o tell the whole truth, shuffled and repeated (seed %i)', async (site, seed) => {
  const running = await startJiraSite({ flavour: 'cloud', ...site, seed });
  applyHistory(running.site, randomHistory({ seed, length: 250 }));
  await running.stop();
  const deliveries = running.control.takeDeliveries();
  const planned = planDeliveries(deliveries, { seed, order: 'shuffled', duplicates: 0.2, twins: 0.1 });
  const source = jiraSource(running.url, { deployment: site.flavour });
  // In several portions, so that later batches meet what earlier ones left.
  for (let start = 0; start < planned.length; start += 150) {
    await store(directory, planned.slice(start, start + 150));
    await applyAll(directory, source);
  }
  const truth = running.site.expectedTables();
  const told = await toldBy(directory, 'jira', truth, { bodiesOnly: true });
  const wanted = truthOf(truth, { bodiesOnly: true });
  for (const name of Object.keys(wanted)) expect({ [name]: told[name] }).toEqual({ [name]: wanted[name] });
  expect(wanted.issues!.length).toBeGreaterThan(0);
});
