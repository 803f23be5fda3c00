/** The master as the server keeps it: rebuilt with what the registry says, its name claims remembered in the state. */
import type { SyncOrchestrator } from '../orchestrator/orchestrator.ts';
import type { Catalogue, RebuildReport } from '../orchestrator/shapes.ts';
import type { SystemState } from '../system/system-state.ts';
import { listTables } from '../system/table-registry.ts';
import { deleteOwner, listOwners, saveOwner } from '../system/view-ownership.ts';

export class Master {
  private readonly orchestrator: Pick<SyncOrchestrator, 'rebuild' | 'catalogue' | 'forget'>;
  private readonly state: SystemState;
  /** What the last rebuild said; null before the first. */
  report: RebuildReport | null = null;

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

  /** Takes a table out of its extract; false when the extract is not ours to change. */
  forget(source: string, table: string): Promise<boolean> {
    return this.orchestrator.forget(source, table);
  }

  private async remember(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Promise<void> {
    const gained = [...after].filter(([name, source]) => before.get(name) !== source);
    const lost = [...before.keys()].filter((name) => !after.has(name));
    if (gained.length === 0 && lost.length === 0) return;
    await this.state.write(async (session) => {
      for (const [name, source] of gained) await saveOwner(session, name, source);
      for (const name of lost) await deleteOwner(session, name);
    });
  }
}
