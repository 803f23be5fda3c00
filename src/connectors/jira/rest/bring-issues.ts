/**
 * Brings issues by the hundred, and afterwards, one call for each, the remote links no such call tells: the issues are there long before.
 * How far the remote links are is remembered, so that a kill costs a hundred of them at most.
 */
import type { PollReport, PollWork } from '../../receive-way.ts';
import type { PolledLinks } from '../interpret-polled.ts';
import { numberAt, textAt } from '../json.ts';
import { changedAmong } from './changed-issues.ts';
import type { JiraClient } from './client.ts';
import { keepPolled } from './keep-polled.ts';
import { readIssue, readRemoteLinks } from './read-issue.ts';
import { mostAtOnce, readMany } from './read-many.ts';
import type { FoundIssue } from './search.ts';

/** Remembered while remote links are still to come. */
const openLinks = 'remote-links-open';
/** Machines of the site need not agree on the time. */
const clockMs = 60 * 60_000;

interface OpenLinks {
  /** Issues the site showed from then on, in milliseconds, lack their remote links, */
  since: number;
  /** those up to this id excepted; empty when there is none. */
  after: string;
}

export class IssueBringer {
  private readonly client: JiraClient;
  private readonly table: string;
  private readonly work: PollWork;
  private readonly report: PollReport;
  /** Without their remote links, by this process. */
  private readonly brought = new Set<string>();

  /** `table`: of the issues. */
  constructor(client: JiraClient, table: string, work: PollWork, report: PollReport) {
    this.client = client;
    this.table = table;
    this.work = work;
    this.report = report;
  }

  /** Those that changed; a call asks for as many as it may, where the site has such calls. */
  async bring(found: readonly FoundIssue[]): Promise<void> {
    this.report.looked += found.length;
    const ids = await changedAmong(this.work, this.table, found);
    const after = this.open()?.after ?? '';
    // The remote links of these are not looked at again, so they come whole.
    await this.bringSingly(ids.filter((id) => byId(id, after) <= 0));
    const rest = ids.filter((id) => byId(id, after) > 0);
    for (let start = 0; start < rest.length; start += mostAtOnce)
      await this.bringMany(rest.slice(start, start + mostAtOnce));
  }

  private async bringMany(ids: readonly string[]): Promise<void> {
    this.work.signal.throwIfAborted();
    const issues = (this.client.isCloud ? await readMany(this.client, ids) : null) ?? [];
    const shown = new Set(issues.map(({ id }) => id));
    if (issues.length > 0) {
      // Remembered first, so that no kill lets them stay without.
      if (this.open() === null) await this.remember({ since: issues[0]!.polled.at - clockMs, after: '' });
      for (const id of shown) this.brought.add(id);
      await Promise.all(issues.map(({ polled }) => keepPolled(this.work, polled, this.report)));
    }
    await this.bringSingly(ids.filter((id) => !shown.has(id)));
  }

  private async bringSingly(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      this.work.signal.throwIfAborted();
      const issue = await readIssue(this.client, id);
      if (issue !== null) await keepPolled(this.work, issue, this.report);
    }
  }

  /** Of those just brought, and of those an earlier process left without. */
  async bringRemoteLinks(): Promise<void> {
    const open = this.open();
    if (open === null) return;
    const known = await this.work.known(this.table, null);
    const left = [...known].filter(([, { shownAt }]) => shownAt !== null && shownAt >= open.since).map(([id]) => id);
    const ids = [...new Set([...this.brought, ...left])].filter((id) => byId(id, open.after) > 0).sort(byId);
    for (let start = 0; start < ids.length; start += mostAtOnce) {
      const portion = ids.slice(start, start + mostAtOnce);
      const issues: PolledLinks['issues'][number][] = [];
      for (const id of portion) {
        this.work.signal.throwIfAborted();
        const links = await readRemoteLinks(this.client, id);
        if (links !== null) issues.push({ issue: id, at: links.at, remoteLinks: links.value });
      }
      if (issues[0] !== undefined)
        await keepPolled(this.work, { kind: 'remote_links', at: issues[0].at, issues }, this.report);
      await this.remember({ ...open, after: portion.at(-1)! });
    }
    await this.remember(null);
  }

  private open(): OpenLinks | null {
    const remembered = this.work.recall(openLinks);
    const since = numberAt(remembered, 'since');
    return since === null ? null : { since, after: textAt(remembered, 'after') ?? '' };
  }

  private async remember(open: OpenLinks | null): Promise<void> {
    await this.work.remember(openLinks, open ?? undefined);
  }
}

/** Numbers of any length, as text. */
function byId(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}
