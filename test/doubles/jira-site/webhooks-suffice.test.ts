/** Without loss, bodies alone tell the whole truth: a fold that knows only the protocol reaches the oracle's rows. */
import { describe, expect, it } from 'vitest';
import { type FoldedSite, foldBodies } from './history/fold-bodies.ts';
import {
  applyHistory,
  type DeliveryPlan,
  type JiraSite,
  planDeliveries,
  type Row,
  randomHistory,
  type SiteOptions,
  startJiraSite,
} from './index.ts';

const moment = (text: string) => `${new Date(text).toISOString().replace('T', ' ').slice(0, -1)}000`;
const idsOf = (value: unknown) => (value as { id: string }[]).map(({ id }) => id);

function told(folded: FoldedSite) {
  const issues = folded.visibleIssues();
  const here = new Set(issues.map(([id]) => id));
  return {
    issues: issues.map(([id, { key, fields }]) => [
      id,
      key,
      fields.summary,
      fields.description,
      (fields.status as { name: string }).name,
      moment(fields.updated),
      JSON.stringify(idsOf(fields.fixVersions)),
      (fields.parent as { id: string } | undefined)?.id ?? null,
      idsOf(fields.attachment).length,
    ]),
    comments: folded.comments
      .rows()
      .flatMap(([id, { issueId, body }]) => (here.has(issueId) ? [[id, issueId, body]] : [])),
    worklogs: folded.worklogs
      .rows()
      .flatMap(([id, { issueId, timeSpentSeconds }]) => (here.has(issueId) ? [[id, timeSpentSeconds]] : [])),
    links: folded.links
      .rows()
      .filter(([, link]) => here.has(String(link.sourceIssueId)) && here.has(String(link.destinationIssueId)))
      .map(([id]) => [id]),
    changelog: [...folded.changes]
      .filter(([, { issueId }]) => here.has(issueId))
      .flatMap(([id, { items }]) => Array.from({ length: items }, (_, position) => [id, position])),
    projects: folded.liveProjects().map(([id, { name }]) => [id, name]),
    sprints: folded.sprints.rows().map(([id, { name, state }]) => [id, name, state]),
  };
}

const pick = (rows: Row[], columns: string) => rows.map((row) => columns.split(' ').map((column) => row[column]));

function truth(site: JiraSite): ReturnType<typeof told> {
  const tables = site.expectedTables();
  const issueColumns =
    'issue_id issue_key summary description status updated_at fix_version_ids parent_id attachment_count';
  return {
    issues: pick(tables.issues, issueColumns) as never,
    comments: pick(tables.comments, 'comment_id issue_id body') as never,
    worklogs: pick(tables.worklogs, 'worklog_id time_spent_seconds') as never,
    links: pick(tables.issue_links, 'link_id') as never,
    changelog: pick(tables.changelog, 'change_id item_position') as never,
    projects: pick(tables.projects, 'project_id project_name') as never,
    sprints: pick(tables.sprints, 'sprint_id name state') as never,
  };
}

const sorted = (tables: ReturnType<typeof told>) =>
  Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [name, rows.map((row) => JSON.stringify(row)).sort()]),
  );

async function live(options: Partial<SiteOptions>, seed: number, plan: DeliveryPlan) {
  const running = await startJiraSite({ flavour: 'cloud', ...options, seed });
  applyHistory(running.site, randomHistory({ seed, length: 250 }));
  await running.stop();
  const arrived = planDeliveries(running.control.takeDeliveries(), plan).map(({ delivery }) => delivery);
  return { told: sorted(told(foldBodies(arrived))), truth: sorted(truth(running.site)) };
}

const sites: Partial<SiteOptions>[] = [
  { flavour: 'cloud' },
  { flavour: 'server' },
  { flavour: 'cloud', cascade: 'none' },
  { flavour: 'server', cascade: 'none' },
];

describe.each(sites)('webhooks of %o', (options) => {
  it.each([1, 2, 3, 4, 5, 6])('tell the truth in any order and repeated (seed %i)', async (seed) => {
    const outcome = await live(options, seed, { seed, order: 'shuffled', duplicates: 0.2, twins: 0.1 });
    expect(outcome.truth.issues!.length).toBeGreaterThan(0);
    expect(outcome.told).toEqual(outcome.truth);
  });
});

describe('loss', () => {
  it('is seen: a fold of what arrived differs from the truth', async () => {
    const outcome = await live({}, 1, { seed: 1, lost: 0.3 });
    expect(outcome.told).not.toEqual(outcome.truth);
  });

  it('of an event nobody sent leaves the truth with the site', async () => {
    const running = await startJiraSite({ flavour: 'cloud' });
    const { site, control } = running;
    const project = site.projects.create('AB');
    control.takeDeliveries();
    site.silently(() => site.issues.create({ project, summary: 'Unheard' }));
    await running.stop();
    expect(control.takeDeliveries()).toEqual([]);
    expect(site.expectedTables().issues).toHaveLength(1);
  });
});
