/** Keeps the master and the catalogue in step with the extracts. One rebuild at a time; never fails because one source is bad. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock } from '../files/lock.ts';
import { createScratch, sweepScratch } from '../publish/scratch.ts';
import { CarefulLooks } from './careful-looks.ts';
import { type DataFolder, dataFolder } from './data-folder.ts';
import { forgetTable } from './forget-table.ts';
import { databaseLimits } from './limits.ts';
import { type Rebuilt, rebuild, type Turn } from './rebuild.ts';
import { reportOf } from './report.ts';
import { loadCatalogue, openCatalogue, type SavedCatalogue } from './saved-catalogue.ts';
import type { Catalogue, OrchestratorOptions, RebuildReport, RebuildRequest } from './shapes.ts';
import { StandingDraft } from './standing-draft.ts';
import { adoptedSources, sweepRetired } from './sweep-retired.ts';

type Asked = Omit<Turn, 'retryFailures'>;

export class SyncOrchestrator {
  private readonly options: OrchestratorOptions;
  private readonly folder: DataFolder;
  private readonly draft: StandingDraft;
  private readonly careful: CarefulLooks;
  private saved: SavedCatalogue;
  private open: Catalogue;
  private running: Promise<RebuildReport> | null = null;
  private following: { request: Asked; report: Promise<RebuildReport> } | null = null;
  /** Sources with parts that wait for their grace time; null before the first rebuild, which looks at all. */
  private sweepLater: Set<string> | null = null;

  /** Reads the saved catalogue, so that a restarted server serves at once. */
  constructor(options: OrchestratorOptions) {
    this.options = options;
    this.folder = dataFolder(options.dataDirectory);
    this.draft = new StandingDraft(this.folder, options);
    this.careful = new CarefulLooks(options);
    this.saved = loadCatalogue(this.folder.catalogue, options.dataDirectory);
    this.open = openCatalogue(this.saved, options.dataDirectory);
  }

  /** What is served now. */
  catalogue(): Catalogue {
    return this.open;
  }

  /** Brings the master up to date, also with extracts of others, however long a look at them takes. */
  async rebuild(request: RebuildRequest = {}): Promise<RebuildReport> {
    const report = await this.rebuildAtOnce(request);
    if (report.looking.length === 0) return report;
    const last = await this.takeLooks(async () => request);
    return { ...last, changed: report.changed || last.changed };
  }

  /**
   * Brings the master up to date with what can be read at once. Looks at extracts of others begin, and nobody waits for them: the report names their sources, and
   * the next rebuild takes in what has ended. Who calls while one rebuild runs gets the result of one that starts after it.
   */
  rebuildAtOnce(request: RebuildRequest = {}): Promise<RebuildReport> {
    return this.turn({ ...request, beginLooks: true });
  }

  /** Waits for the looks that are under way, and brings the master up to date with what they saw. Throws when they were told to stop. */
  async takeLooks(request: () => Promise<RebuildRequest>): Promise<RebuildReport> {
    await this.careful.settled();
    return this.turn({ ...(await request()), full: false, beginLooks: false });
  }

  /** Takes a table out of its extract; false when the extract is not ours to change. The next rebuild drops its views. */
  forget(source: string, table: string): Promise<boolean> {
    return forgetTable(this.options, source, table);
  }

  /** Lets go of what stands ready for the next rebuild. */
  close(): Promise<void> {
    return this.draft.retire();
  }

  private turn(asked: Asked): Promise<RebuildReport> {
    if (this.running === null) return this.start(asked);
    if (this.following !== null) {
      const { full, beginLooks } = this.following.request;
      // Later callers know more; the wish for a full rebuild stays, and so does the one for new looks.
      this.following.request = {
        ...asked,
        full: full === true || asked.full === true,
        beginLooks: beginLooks || asked.beginLooks,
      };
      return this.following.report;
    }
    const follow = () => {
      const next = this.following?.request ?? asked;
      this.following = null;
      return this.start(next);
    };
    const report = this.running.then(follow, follow);
    this.following = { request: asked, report };
    return report;
  }

  private start(request: Asked): Promise<RebuildReport> {
    const run = this.perform(request).finally(() => {
      this.running = null;
    });
    this.running = run;
    return run;
  }

  private async perform(request: Asked): Promise<RebuildReport> {
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
    // What a look has sealed is named by nothing until it is taken in.
    const looking = new Set(this.careful.sources);
    this.sweepLater = await this.sweep(new Set(due.filter((source) => !looking.has(source))));
    for (const source of due) if (looking.has(source)) this.sweepLater.add(source);
    return { ...reportOf(rebuilt), looking: this.careful.sources };
  }

  private async rebuildOnce(request: Turn): Promise<Rebuilt> {
    try {
      const rebuilt = await rebuild(this.folder, this.saved, request, this.options, {
        draft: this.draft,
        careful: this.careful,
      });
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
