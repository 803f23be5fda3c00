/** The asking half of a Jira source: what events lost is found, everything is brought once, deletions are proven. */
import { AttacheError } from '../../../errors/attache-error.ts';
import type { PollReport, PollWay, PollWork } from '../../receive-way.ts';
import type { SourceContext } from '../../source-context.ts';
import type { PolledList } from '../interpret-polled.ts';
import { idAt, textAt } from '../json.ts';
import type { JiraSettings } from '../settings.ts';
import { tableId } from '../tables.ts';
import { IssueBringer } from './bring-issues.ts';
import { changedAmong } from './changed-issues.ts';
import { JiraClient } from './client.ts';
import { keepPolled } from './keep-polled.ts';
import { readIssue } from './read-issue.ts';
import { readLists, readProjects } from './read-lists.ts';
import { type FoundIssue, search } from './search.ts';
import { readWorklogFeeds } from './worklog-feeds.ts';

const minuteMs = 60_000;
const overlapMs = 10 * minuteMs;
const firstLookMs = 24 * 60 * minuteMs;
const listsEveryMs = 60 * minuteMs;
const hydratedAtOnce = 50;
const triedAgainMs = 60 * minuteMs;

export function poll(context: SourceContext<JiraSettings>): PollWay | null {
  const { settings } = context;
  if (settings.token_env === undefined) return null;
  const client = new JiraClient(context);
  const issues = tableId(settings, 'issues');
  const tried = new Map<string, number>();
  let listsAt = 0;

  return {
    everyMs: settings.reconcile_minutes * minuteMs,

    async reconcile(work) {
      const report = emptyReport();
      const began = Date.now();
      const last = Number(work.recall('reconciled-at') ?? began - firstLookMs);
      const minutes = Math.ceil((began - last + overlapMs) / minuteMs);
      for await (const found of search(client, work, `updated >= -${minutes}m ORDER BY updated ASC`, ['updated']))
        await bringChanged(work, found, report);
      if (began - listsAt > listsEveryMs) {
        await bringLists(work, report);
        listsAt = began;
      }
      for await (const part of readWorklogFeeds(client, work)) await keepPolled(work, part, report);
      // Only a look that came to its end moves the window.
      await work.remember('reconciled-at', began);
      return report;
    },

    async backfill(work) {
      const report = emptyReport();
      await bringLists(work, report);
      const bringer = new IssueBringer(client, issues, work, report);
      const { items } = await readProjects(client);
      for (const project of items) {
        // What an interrupted backfill brought is known by now and is not fetched again.
        const jql = `project = ${idAt(project)} ORDER BY created ASC`;
        for await (const found of search(client, work, jql, ['updated'])) await bringer.bring(found);
      }
      await bringer.bringRemoteLinks();
      return report;
    },

    async findDeleted(work, force) {
      const report = emptyReport();
      const { projects, plausible } = await bringLists(work, report);
      const listed = await listIssues(work);
      const known = await work.known(issues, null);
      report.looked += known.size;
      if (listed.size === 0 && known.size > 0)
        return refused(report, 'The site lists no issue at all; nothing was deleted here.');
      const missing = [...known.keys()].filter((id) => !listed.has(id));
      const limit = force ? Number.POSITIVE_INFINITY : Math.min(200, Math.max(20, Math.floor(known.size * 0.02)));
      const gone: string[] = [];
      let at = Number.POSITIVE_INFINITY;
      for (const id of missing) {
        const asked = Date.now();
        const issue = await readIssue(client, id);
        if (issue !== null) await keepPolled(work, issue, report);
        else {
          gone.push(id);
          at = Math.min(at, asked);
        }
        if (gone.length > limit)
          return refused(
            report,
            `More than ${limit} issues are not shown any more, which may also be a right that is missing; nothing was deleted here. Force it when it is true.`,
          );
      }
      if (gone.length > 0) await keepPolled(work, { kind: 'gone', table: 'issues', at, ids: gone }, report);
      // A project that is not listed takes its issues with it, so it goes only where they may.
      if (projects !== null)
        await keepPolled(work, { ...projects, complete: projects.complete && (force || plausible) }, report);
      await findDeletedSprints(work, report);
      return report;
    },

    async hydrate(work) {
      const report = emptyReport();
      const now = Date.now();
      const ids = (await work.below(issues, '1', 1_000)).filter((id) => now - (tried.get(id) ?? 0) > triedAgainMs);
      for (const id of ids.slice(0, hydratedAtOnce)) {
        tried.set(id, now);
        report.looked += 1;
        const issue = await readIssue(client, id);
        if (issue !== null) await keepPolled(work, issue, report);
      }
      return report;
    },
  };

  async function bringChanged(work: PollWork, found: readonly FoundIssue[], report: PollReport): Promise<void> {
    report.looked += found.length;
    for (const id of await changedAmong(work, issues, found)) {
      work.signal.throwIfAborted();
      const issue = await readIssue(client, id);
      if (issue !== null) await keepPolled(work, issue, report);
    }
  }

  /** Returns the list of projects and whether what it lacks may be believed; here it deletes nothing. */
  async function bringLists(
    work: PollWork,
    report: PollReport,
  ): Promise<{ projects: PolledList | null; plausible: boolean }> {
    let projects: PolledList | null = null;
    let plausible = false;
    for await (const list of readLists(client)) {
      report.looked += list.items.length;
      const known =
        list.parent === '*' && list.complete ? (await work.known(tableId(settings, list.table), null)).size : 0;
      const isPlausible = list.items.length > 0 && list.items.length * 2 >= known;
      if (list.complete && !isPlausible && known > 0)
        report.notes.push(
          `The list of ${list.table} shows ${list.items.length} of ${known}; nothing of it was deleted here.`,
        );
      const complete = list.complete && (list.parent !== '*' || isPlausible);
      if (list.table === 'projects') [projects, plausible] = [list, isPlausible];
      await keepPolled(work, { ...list, complete: complete && list.table !== 'projects' }, report);
    }
    return { projects, plausible };
  }

  async function listIssues(work: PollWork): Promise<Set<string>> {
    const listed = new Set<string>();
    const { items } = await readProjects(client);
    for (const project of items) {
      for await (const found of search(client, work, `project = ${idAt(project)} ORDER BY created ASC`, ['id']))
        for (const { id } of found) listed.add(id);
    }
    return listed;
  }

  /** No list shows the sprints of a deleted board, so each that may be gone is asked for. */
  async function findDeletedSprints(work: PollWork, report: PollReport): Promise<void> {
    const gone: string[] = [];
    const at = Date.now();
    for (const id of (await work.known(tableId(settings, 'sprints'), null)).keys()) {
      const path = `/rest/agile/1.0/sprint/${encodeURIComponent(id)}`;
      if ((await client.objectIfThere({ method: 'GET', path, endpoint: 'sprint' })) === null) gone.push(id);
    }
    if (gone.length > 0) await keepPolled(work, { kind: 'gone', table: 'sprints', at, ids: gone }, report);
  }
}

function emptyReport(): PollReport {
  return { looked: 0, kept: 0, notes: [] };
}

function refused(report: PollReport, why: string): PollReport {
  report.notes.push(why);
  return report;
}

/** One cheap call that proves the credentials. */
export async function whoAmI(context: SourceContext<JiraSettings>): Promise<string> {
  const { value } = await new JiraClient(context).object({
    method: 'GET',
    path: '/rest/api/2/myself',
    endpoint: 'myself',
  });
  const name = textAt(value, 'displayName');
  if (name === null) throw new AttacheError('source_data', { message: 'The site did not say who we are.' });
  return name;
}
