/** Starts what is due, again and again. Last runs are the tables' last attempts, so a restart repeats nothing. */
import type { InstanceConfig } from '../config/shapes.ts';
import { parseSchedule } from '../config/units.ts';
import { listStates } from '../system/sync-state.ts';
import type { SystemState } from '../system/system-state.ts';
import { listTables } from '../system/table-registry.ts';
import { dueTables } from './due-tables.ts';
import type { Log } from './sync-parts.ts';
import type { SyncService } from './sync-service.ts';

export interface SchedulerParts {
  config: InstanceConfig;
  state: SystemState;
  sync: Pick<SyncService, 'trigger' | 'isScheduled'>;
  /** Takes in extracts that other programs wrote. */
  rebuild(): Promise<void>;
  log: Log;
}

const longestTickMs = 60_000;
const longestGraceMs = 60_000;

export class IntervalScheduler {
  private readonly parts: SchedulerParts;
  private readonly intervals: ReadonlyMap<string, number>;
  private readonly tickMs: number;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  /** When the scheduler last looked, for health. */
  lastTick: string | null = null;

  constructor(parts: SchedulerParts, intervalMs: number) {
    this.parts = parts;
    this.intervals = new Map(
      [...parts.config.sources.values()].map((source) => [
        source.name,
        (source.schedule === null ? null : parseSchedule(source.schedule)) ?? intervalMs,
      ]),
    );
    this.tickMs = Math.min(longestTickMs, ...[intervalMs, ...this.intervals.values()].map((ms) => ms / 2));
  }

  /** The first look comes after a grace time, so that a server that keeps restarting does not keep its sources busy. */
  start(): void {
    const graceMs = Math.min(longestGraceMs, ...this.intervals.values());
    this.plan(Number.isFinite(graceMs) ? graceMs : longestGraceMs);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private plan(afterMs: number): void {
    this.timer = setTimeout(() => void this.tick(), afterMs);
    this.timer.unref();
  }

  /** Looks once. A look that fails is logged and the next one comes all the same. */
  async tick(now = new Date()): Promise<void> {
    this.lastTick = now.toISOString();
    try {
      await this.startDue(now);
      await this.parts.rebuild();
    } catch (thrown) {
      this.parts.log.error({ err: thrown }, 'the scheduler could not look for due tables');
    }
    if (!this.stopped) this.plan(this.tickMs);
  }

  private async startDue(now: Date): Promise<void> {
    const { state, sync } = this.parts;
    const registered = await state.read(listTables);
    const due = dueTables({
      registered: registered.filter((table) => this.intervals.has(table.source_name) && !sync.isScheduled(table.id)),
      states: await state.read(listStates),
      intervalOf: (source) => this.intervals.get(source) ?? Number.POSITIVE_INFINITY,
      now: now.getTime(),
      toleranceMs: this.tickMs / 2,
    });
    const sourceOf = new Map(registered.map((table) => [table.id, table.source_name]));
    // A job for each source: a slow source delays no other.
    for (const source of new Set(due.map((id) => sourceOf.get(id)))) {
      const tables = due.filter((id) => sourceOf.get(id) === source);
      await sync.trigger({ tables, cause: 'schedule', by: null });
    }
  }
}
