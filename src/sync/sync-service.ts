/** Jobs: asked for, joined, run source by source, cancelled, remembered. */
import { AttacheError, toErrorRecord } from '../errors/attache-error.ts';
import { findJob, type JobRow, listJobs, openJobs, pruneJobs, saveJob } from '../system/jobs.ts';
import { pruneHistory } from '../system/sync-history.ts';
import { listTables, type RegisteredTable } from '../system/table-registry.ts';
import { ActiveJob, type Reading } from './active-job.ts';
import { checkSince } from './check-since.ts';
import type { JobFeed } from './job-feed.ts';
import { finishedStatus, isFinished } from './job-status.ts';
import { runSource } from './run-source.ts';
import { SourceTurns } from './source-turns.ts';
import type { SyncParts } from './sync-parts.ts';

export interface Trigger {
  /** Table ids; with `sources` the union. Neither: every registered table. */
  tables?: readonly string[];
  sources?: readonly string[];
  reading?: Reading;
  cause: JobRow['cause'];
  by: string | null;
}

const sourcesAtOnce = 2;
const keptFeeds = 50;
const historyDays = 90;

export class SyncService {
  private readonly parts: SyncParts;
  private readonly turns = new SourceTurns(sourcesAtOnce);
  private readonly active = new Map<string, { job: ActiveJob; saved: Promise<void> }>();
  private readonly unfinished = new Set<Promise<void>>();
  private readonly recent = new Map<string, ActiveJob>();
  private closing = false;

  constructor(parts: SyncParts) {
    this.parts = parts;
  }

  /** Closes the books of jobs a stopped server left open, and drops old history. */
  async start(): Promise<void> {
    const { state } = this.parts;
    const now = new Date();
    const before = new Date(now.getTime() - historyDays * 86_400_000).toISOString();
    for (const job of await state.read(openJobs)) {
      this.parts.log.warn({ job: job.id }, 'a job was cut off when the server stopped');
      await state.write((session) => saveJob(session, cutOff(job, now)));
    }
    await state.write(async (session) => {
      await pruneHistory(session, before);
      await pruneJobs(session, before);
    });
  }

  /** Starts a job, or joins the one whose work this is already. Throws `not_found` naming every unknown id. */
  async trigger(asked: Trigger): Promise<JobRow> {
    const tables = chooseTables(await this.parts.state.read(listTables), asked);
    if (asked.reading?.since !== undefined) await checkSince(tables, asked.tables ?? [], asked.reading.full);
    // No await between looking and setting: of any number of requests at once, one creates the job.
    const ids = tables.map((table) => table.id);
    const running = [...this.active.values()].find(({ job }) => job.covers(ids, asked.reading ?? {}));
    const entry = running ?? this.begin(tables, asked);
    await entry.saved;
    return entry.job.row;
  }

  async job(id: string): Promise<JobRow | null> {
    return this.inMemory(id)?.row ?? this.parts.state.read((session) => findJob(session, id));
  }

  /** Jobs, newest first. */
  async jobs(limit: number, before: string | null): Promise<JobRow[]> {
    const rows = await this.parts.state.read((session) => listJobs(session, limit, before));
    return rows.map((row) => this.inMemory(row.id)?.row ?? row);
  }

  /** The events of a job, or null when they are no longer in memory. */
  feed(id: string): JobFeed | null {
    return this.inMemory(id)?.feed ?? null;
  }

  /** Stops a job; its unfinished tables keep their data. Throws `conflict` when it has finished already. */
  async cancel(id: string): Promise<JobRow> {
    const entry = this.active.get(id);
    if (entry !== undefined) {
      entry.job.cancel();
      return entry.job.row;
    }
    const row = await this.job(id);
    if (row === null)
      throw new AttacheError('not_found', { message: `There is no job ${id}.`, hint: 'See GET /api/jobs.' });
    throw new AttacheError('conflict', {
      message: `The job ${id} has finished already: ${row.status}.`,
      hint: `There is nothing left to cancel; GET /api/jobs/${id} has the result of each table.`,
    });
  }

  /** The job that has work left on a source, if any. */
  busyWith(source: string): string | null {
    for (const { job } of this.active.values()) if (job.unfinishedOf(source).length > 0) return job.row.id;
    return null;
  }

  /** Whether a queued or running job holds the table. */
  isScheduled(table: string): boolean {
    return [...this.active.values()].some(({ job }) => job.holds(table));
  }

  get queued(): number {
    return this.active.size;
  }

  /** Runs `work` when no run of the source is under way, and holds back the next one meanwhile. */
  whileQuiet<T>(source: string, work: () => Promise<T>): Promise<T> {
    return this.turns.run(source, work);
  }

  /** Cancels everything and waits until it is recorded, at most `patienceMs`. */
  async close(patienceMs: number): Promise<void> {
    this.closing = true;
    for (const { job } of this.active.values()) job.cancel();
    const all = Promise.allSettled(this.unfinished);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([all, patience]);
    clearTimeout(timer);
  }

  private inMemory(id: string): ActiveJob | null {
    return this.active.get(id)?.job ?? this.recent.get(id) ?? null;
  }

  private begin(tables: readonly RegisteredTable[], asked: Trigger) {
    if (this.closing) throw new AttacheError('unavailable', { message: 'The server is stopping.', retryable: true });
    const job = new ActiveJob(tables, { ...asked, now: new Date() });
    const saved = this.parts.state.write((session) => saveJob(session, job.row));
    const entry = { job, saved };
    this.active.set(job.row.id, entry);
    const done = saved.then(() => this.run(job)).catch((thrown) => this.abandon(job, thrown));
    this.unfinished.add(done);
    void done.then(() => this.unfinished.delete(done));
    return entry;
  }

  private async run(job: ActiveJob): Promise<void> {
    await Promise.all(
      job.sources.map((source) =>
        this.turns.run(source, async () => {
          await runSource(this.parts, job, source);
          await this.rebuild(job);
        }),
      ),
    );
    if (job.sources.length === 0) await this.rebuild(job);
    job.finish(new Date());
    // In the same breath: a trigger that comes after the end must not join what has ended.
    this.retire(job);
    await this.parts.state.write((session) => saveJob(session, job.row));
    await this.parts.state.checkpoint();
  }

  /** What was extracted is safe whether or not the master could be built; the next rebuild takes it in. */
  private async rebuild(job: ActiveJob): Promise<void> {
    await this.parts.rebuild().catch((thrown: unknown) => {
      this.parts.log.error({ job: job.row.id, err: thrown }, 'the master could not be rebuilt');
      job.note(`The master could not be rebuilt: ${toErrorRecord(thrown).message}`);
    });
  }

  /** The state cannot be written: the job ends in memory, and whoever asks learns why. */
  private abandon(job: ActiveJob, thrown: unknown): void {
    this.parts.log.error({ job: job.row.id, err: thrown }, 'a job could not be recorded');
    job.row.error = toErrorRecord(thrown);
    if (!job.finished) job.finish(new Date());
    if (job.row.status === 'succeeded') job.row.status = 'failed';
    this.retire(job);
  }

  private retire(job: ActiveJob): void {
    this.active.delete(job.row.id);
    this.recent.set(job.row.id, job);
    const [oldest] = this.recent.keys();
    if (this.recent.size > keptFeeds && oldest !== undefined) this.recent.delete(oldest);
  }
}

function chooseTables(registered: readonly RegisteredTable[], asked: Trigger): RegisteredTable[] {
  if (asked.tables === undefined && asked.sources === undefined) return [...registered];
  const ids = new Set(registered.map((table) => table.id));
  const sources = new Set(registered.map((table) => table.source_name));
  const faults = [
    ...(asked.tables ?? []).flatMap((id, index) =>
      ids.has(id) ? [] : [{ pointer: `/tables/${index}`, message: `No table ${JSON.stringify(id)} is registered.` }],
    ),
    ...(asked.sources ?? []).flatMap((name, index) =>
      sources.has(name)
        ? []
        : [{ pointer: `/sources/${index}`, message: `No table of a source ${JSON.stringify(name)} is registered.` }],
    ),
  ];
  if (faults.length > 0) {
    throw new AttacheError('not_found', {
      message: faults.map((fault) => fault.message).join(' '),
      hint: 'See GET /api/admin/registry for the tables there are.',
      faults,
    });
  }
  const wanted = { tables: new Set(asked.tables), sources: new Set(asked.sources) };
  return registered.filter((table) => wanted.tables.has(table.id) || wanted.sources.has(table.source_name));
}

function cutOff(job: JobRow, now: Date): JobRow {
  const tables = job.tables.map((table) =>
    isFinished(table.status)
      ? table
      : {
          ...table,
          status: 'cancelled' as const,
          finished_at: now.toISOString(),
          error: {
            code: 'cancelled' as const,
            message: 'The server stopped before this table was finished.',
            hint: 'Its old data stays; the scheduler or a new trigger runs it again.',
          },
        },
  );
  const someDone = tables.some((table) => table.status !== 'cancelled');
  return { ...job, tables, status: finishedStatus(tables, !someDone), finished_at: now.toISOString() };
}
