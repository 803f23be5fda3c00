/** The master as the server keeps it: rebuilt with what the registry says, its name claims remembered in the state. */
import type { SyncOrchestrator } from '../orchestrator/orchestrator.ts';
import type { Catalogue, RebuildReport, RebuildRequest } from '../orchestrator/shapes.ts';
import type { SystemState } from '../system/system-state.ts';
import { listTables } from '../system/table-registry.ts';
import { deleteOwners, listOwners, saveOwners } from '../system/view-ownership.ts';

const longestWaitMs = 20_000;

type Orchestrator = Pick<SyncOrchestrator, 'rebuildAtOnce' | 'takeLooks' | 'catalogue' | 'forget'>;

export class Master {
  private readonly orchestrator: Orchestrator;
  private readonly state: SystemState;
  /** What the last rebuild said; null before the first. */
  report: RebuildReport | null = null;
  /** While looks at extracts of others are under way: what takes them in. */
  private following: Promise<void> | null = null;
  /** While it runs: the rebuild of `catchUp`. */
  private catchingUp: Promise<void> | null = null;

  constructor(orchestrator: Orchestrator, state: SystemState) {
    this.orchestrator = orchestrator;
    this.state = state;
  }

  catalogue(): Catalogue {
    return this.orchestrator.catalogue();
  }

  /** Takes in what is published at the time of the call; extracts of others follow when they have been looked at. Moves no table's state. */
  async rebuild(): Promise<void> {
    await this.take(async () => this.orchestrator.rebuildAtOnce(await this.request()));
    this.follow();
  }

  /** Takes in what was published before anybody watched, also by others; whoever asks for `settled` meanwhile waits for it. */
  catchUp(): Promise<void> {
    const all = async () => {
      await this.rebuild();
      await this.following;
    };
    this.catchingUp = all().finally(() => {
      this.catchingUp = null;
    });
    return this.catchingUp;
  }

  /** The catalogue with everything that was published before the start; what is known so far when that takes longer than anybody would wait. */
  async settled(): Promise<Catalogue> {
    const ended = this.catchingUp?.catch(() => {});
    if (ended !== undefined)
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, longestWaitMs).unref())]);
    return this.catalogue();
  }

  /** Takes a table out of its extract; false when the extract is not ours to change. */
  forget(source: string, table: string): Promise<boolean> {
    return this.orchestrator.forget(source, table);
  }

  private async request(): Promise<RebuildRequest> {
    const [tables, owned] = [await this.state.read(listTables), await this.state.read(listOwners)];
    return { registered: new Map(tables.map((table) => [table.id, table.source_name])), owned };
  }

  private async take(rebuild: () => Promise<RebuildReport>): Promise<void> {
    this.report = await rebuild();
    await this.remember(this.report.claims);
  }

  /** Whoever waits for `following` is told of a failure; else the next rebuild takes in what was seen. */
  private follow(): void {
    if (this.report?.looking.length === 0) return;
    this.following ??= this.takeLooks().finally(() => {
      this.following = null;
    });
    this.following.catch(() => {});
  }

  /** Until none is under way: others may begin meanwhile. */
  private async takeLooks(): Promise<void> {
    do await this.take(() => this.orchestrator.takeLooks(() => this.request()));
    while ((this.report as RebuildReport).looking.length > 0);
  }

  private async remember(after: ReadonlyMap<string, string>): Promise<void> {
    const before = await this.state.read(listOwners);
    const gained = [...after].filter(([name, source]) => before.get(name) !== source);
    const lost = [...before.keys()].filter((name) => !after.has(name));
    if (gained.length === 0 && lost.length === 0) return;
    await this.state.write(async (session) => {
      await saveOwners(session, gained);
      await deleteOwners(session, lost);
    });
  }
}
