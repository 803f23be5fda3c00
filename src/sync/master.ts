/** The master as the server keeps it: rebuilt with what the registry says, its name claims remembered in the state. */
import type { SyncOrchestrator } from '../orchestrator/orchestrator.ts';
import type { Catalogue, RebuildReport } from '../orchestrator/shapes.ts';
import type { SystemState } from '../system/system-state.ts';
import { listTables } from '../system/table-registry.ts';
import { deleteOwners, listOwners, saveOwners } from '../system/view-ownership.ts';

const longestWaitMs = 20_000;

export class Master {
  private readonly orchestrator: Pick<SyncOrchestrator, 'rebuild' | 'catalogue' | 'forget'>;
  private readonly state: SystemState;
  /** What the last rebuild said; null before the first. */
  report: RebuildReport | null = null;
  /** While it runs: the rebuild of `catchUp`. */
  private catchingUp: Promise<void> | null = null;

  constructor(orchestrator: Pick<SyncOrchestrator, 'rebuild' | 'catalogue' | 'forget'>, state: SystemState) {
    this.orchestrator = orchestrator;
    this.state = state;
  }

  catalogue(): Catalogue {
    return this.orchestrator.catalogue();
  }

  /** Takes in what is published at the time of the call. Moves no table's state. */
  async rebuild(): Promise<void> {
    const [tables, owned] = [await this.state.read(listTables), await this.state.read(listOwners)];
    const registered = new Map(tables.map((table) => [table.id, table.source_name]));
    this.report = await this.orchestrator.rebuild({ registered, owned });
    await this.remember(owned, this.report.claims);
  }

  /** Takes in what was published before anybody watched; whoever asks for `settled` meanwhile waits for it. */
  catchUp(): Promise<void> {
    this.catchingUp = this.rebuild().finally(() => {
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

  private async remember(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Promise<void> {
    const gained = [...after].filter(([name, source]) => before.get(name) !== source);
    const lost = [...before.keys()].filter((name) => !after.has(name));
    if (gained.length === 0 && lost.length === 0) return;
    await this.state.write(async (session) => {
      await saveOwners(session, gained);
      await deleteOwners(session, lost);
    });
  }
}
