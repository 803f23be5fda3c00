/** Keeps the master and the catalogue in step with the extracts. One rebuild at a time; never fails because one source is bad. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock } from '../files/lock.ts';
import { createScratch, sweepScratch } from '../publish/scratch.ts';
import { type DataFolder, dataFolder } from './data-folder.ts';
import { forgetTable } from './forget-table.ts';
import { databaseLimits } from './limits.ts';
import { type Rebuilt, rebuild } from './rebuild.ts';
import { reportOf } from './report.ts';
import { loadCatalogue, openCatalogue, type SavedCatalogue } from './saved-catalogue.ts';
import type { Catalogue, OrchestratorOptions, RebuildReport, RebuildRequest } from './shapes.ts';
import { StandingDraft } from './standing-draft.ts';
import { adoptedSources, sweepRetired } from './sweep-retired.ts';

export class SyncOrchestrator {
  private readonly options: OrchestratorOptions;
  private readonly folder: DataFolder;
  private readonly draft: StandingDraft;
  private saved: SavedCatalogue;
  private open: Catalogue;
  private running: Promise<RebuildReport> | null = null;
  private following: { request: RebuildRequest; report: Promise<RebuildReport> } | null = null;
  /** Sources with parts that wait for their grace time; null before the first rebuild, which looks at all. */
  private sweepLater: Set<string> | null = null;

  /** Reads the saved catalogue, so that a restarted server serves at once. */
  constructor(options: OrchestratorOptions) {
    this.options = options;
    this.folder = dataFolder(options.dataDirectory);
    this.draft = new StandingDraft(this.folder, options);
    this.saved = loadCatalogue(this.folder.catalogue, options.dataDirectory);
    this.open = openCatalogue(this.saved, options.dataDirectory);
  }

  /** What is served now. */
  catalogue(): Catalogue {
    return this.open;
  }

  /** Brings the master up to date. Who calls while one rebuild runs gets the result of one that starts after it. */
  rebuild(request: RebuildRequest = {}): Promise<RebuildReport> {
    if (this.running === null) return this.start(request);
    if (this.following !== null) {
      // Later callers know more; the wish for a full rebuild stays.
      const full = this.following.request.full === true || request.full === true;
      this.following.request = { ...request, full };
      return this.following.report;
    }
    const follow = () => {
      const next = this.following?.request ?? request;
      this.following = null;
      return this.start(next);
    };
    const report = this.running.then(follow, follow);
    this.following = { request, report };
    return report;
  }

  /** Takes a table out of its extract; false when the extract is not ours to change. The next rebuild drops its views. */
  forget(source: string, table: string): Promise<boolean> {
    return forgetTable(this.options, source, table);
  }

  /** Lets go of what stands ready for the next rebuild. */
  close(): Promise<void> {
    return this.draft.retire();
  }

  private start(request: RebuildRequest): Promise<RebuildReport> {
    const run = this.perform(request).finally(() => {
      this.running = null;
    });
    this.running = run;
    return run;
  }

  private async perform(request: RebuildRequest): Promise<RebuildReport> {
    await mkdir(this.folder.extracts, { recursive: true });
    await using _lock = await takeLock(
      join(this.folder.work, 'rebuild.lock'),
      `The master of ${this.folder.directory}`,
    );
    const first = this.sweepLater === null;
    if (first) {
      await sweepScratch(this.folder.work);
      // Another process may have rebuilt since this one was made.
      this.saved = loadCatalogue(this.folder.catalogue, this.options.dataDirectory);
    }
    const before = { saved: this.saved, open: this.open };
    const rebuilt = await this.rebuildOnce({ ...request, retryFailures: first });
    this.saved = rebuilt.saved;
    // What is served as before stays the same object: whoever keeps something made from it need not make it again.
    if (first || rebuilt.changed)
      this.open = openCatalogue(rebuilt.saved, this.options.dataDirectory, first ? null : before);
    const due = first
      ? [...Object.keys(this.saved.sources), ...(await adoptedSources(this.folder))]
      : [...(this.sweepLater ?? []), ...rebuilt.touched];
    this.sweepLater = await this.sweep(new Set(due));
    return reportOf(rebuilt);
  }

  private async rebuildOnce(request: RebuildRequest & { retryFailures: boolean }): Promise<Rebuilt> {
    try {
      const rebuilt = await rebuild(this.folder, this.saved, request, this.options, this.draft);
      await this.draft.settle(rebuilt.saved.master);
      return rebuilt;
    } catch (thrown) {
      await this.draft.discard();
      throw thrown;
    }
  }

  private async sweep(sources: Set<string>): Promise<Set<string>> {
    await using scratch = await createScratch(this.folder.work);
    const rule = { graceMs: this.options.limits.graceMs, now: (this.options.now ?? Date.now)() };
    return await sweepRetired(this.folder, this.saved, sources, rule, databaseLimits(this.options, scratch.directory));
  }
}
