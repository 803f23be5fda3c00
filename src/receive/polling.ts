/** Asks the source for what its events did not tell, one question at a time; the answers go into the inbox like any event. */
import type { KnownRow, PollReport, PollWay, PollWork } from '../connectors/receive-way.ts';
import { identifier, literal, literalList } from '../duckdb/quote.ts';
import { AttacheError } from '../errors/attache-error.ts';
import type { Applier } from './applier.ts';
import { InboxWriter } from './inbox/inbox-writer.ts';
import { MemoryFile } from './memory-file.ts';
import { own, versionColumn } from './state/state-table.ts';

export type PollKind = 'reconcile' | 'backfill' | 'find-deleted' | 'hydrate';

const retryAfterFailureMs = 60_000;
const hydrateEveryMs = 30_000;
const deletionsEveryMs = 86_400_000;

export class Polling {
  private readonly way: PollWay | null;
  private readonly applier: Applier;
  private readonly inbox: InboxWriter;
  private readonly memory: MemoryFile;
  private readonly note: (message: string) => void;
  private running: Promise<unknown> = Promise.resolve();
  private busy = false;
  private nextReconcile = 0;
  private nextHydrate = Date.now() + hydrateEveryMs;
  private nextDeletions = Date.now() + deletionsEveryMs;

  private constructor(
    way: PollWay | null,
    applier: Applier,
    parts: { inbox: InboxWriter; memory: MemoryFile; note: (message: string) => void },
  ) {
    this.way = way;
    this.applier = applier;
    this.inbox = parts.inbox;
    this.memory = parts.memory;
    this.note = parts.note;
  }

  static async open(way: PollWay | null, applier: Applier, note: (message: string) => void): Promise<Polling> {
    const inbox = await InboxWriter.open(applier.folder.inbox.polled);
    const memory = await MemoryFile.open(applier.folder.memory);
    return new Polling(way, applier, { inbox, memory, note });
  }

  /** Starts what is due, beside the work of the applier. */
  startDue(signal: AbortSignal): void {
    if (this.way === null || this.busy) return;
    const now = Date.now();
    const due = this.dueAt(now);
    if (due === null) return;
    this.perform(due, signal).catch((thrown: Error) => {
      this.nextReconcile = Date.now() + retryAfterFailureMs;
      this.note(`${due} did not finish: ${thrown.message}`);
    });
  }

  private dueAt(now: number): PollKind | null {
    if (now >= this.nextDeletions) return 'find-deleted';
    if (now >= this.nextReconcile) return 'reconcile';
    return now >= this.nextHydrate ? 'hydrate' : null;
  }

  /** Looks soon: something was lost. */
  hurry(): void {
    this.nextReconcile = 0;
  }

  /** Performs one question after those that are under way. */
  perform(kind: PollKind, signal: AbortSignal, force = false): Promise<PollReport> {
    const { way } = this;
    if (way === null)
      throw new AttacheError('unsupported', {
        message: `The source has no credentials to ask with, so it cannot ${kind}.`,
        hint: 'Add the credentials to its settings, or send the events again from the source.',
      });
    this.busy = true;
    const work = this.work(signal);
    const report = this.running.then(async () => {
      this.nextHydrate = Date.now() + hydrateEveryMs;
      if (kind === 'backfill') return this.backfill(way, work);
      if (kind === 'hydrate') return way.hydrate(work);
      if (kind === 'find-deleted') {
        this.nextDeletions = Date.now() + deletionsEveryMs;
        return way.findDeleted(work, force);
      }
      return this.reconcile(way, work);
    });
    this.running = report
      .catch(() => {})
      .finally(() => {
        this.busy = false;
      });
    return report;
  }

  private async reconcile(way: PollWay, work: PollWork): Promise<PollReport> {
    this.nextReconcile = Date.now() + way.everyMs;
    const found = await way.reconcile(work);
    this.applier.facts.last_reconcile = new Date().toISOString();
    return found;
  }

  /** It may take hours, so what is due is looked for between its answers; not at its beginning, because it brings more in a call. */
  private backfill(way: PollWay, work: PollWork): Promise<PollReport> {
    this.nextReconcile = Math.max(this.nextReconcile, Date.now() + way.everyMs);
    return way.backfill({
      ...work,
      keep: async (body, facts) => {
        await work.keep(body, facts);
        if (Date.now() >= this.nextReconcile) await this.reconcileBetween(way, work);
      },
    });
  }

  /** What keeps one look from its end does not end the backfill. */
  private async reconcileBetween(way: PollWay, work: PollWork): Promise<void> {
    try {
      await this.reconcile(way, work);
    } catch (thrown) {
      this.nextReconcile = Date.now() + retryAfterFailureMs;
      this.note(`reconcile did not finish: ${(thrown as Error).message}`);
    }
  }

  private work(signal: AbortSignal): PollWork {
    return {
      signal,
      keep: async (body, facts) => {
        signal.throwIfAborted();
        await this.inbox.append({ ...facts, receivedAt: Date.now() }, body);
      },
      recall: (name) => this.memory.recall(name),
      remember: (name, value) => this.memory.remember(name, value),
      known: (table, keys) => this.known(table, keys),
      below: (table, version, limit) => this.below(table, version, limit),
      note: this.note,
    };
  }

  private async known(table: string, keys: readonly string[] | null): Promise<Map<string, KnownRow>> {
    using session = await this.applier.session();
    const where =
      keys === null ? `NOT coalesce(${identifier(own.blocked)}, false)` : `${identifier(own.key)} IN ${listed(keys)}`;
    const rows = await session.rows<{ key: string; version: string | null; shown: string | null }>(
      `SELECT ${identifier(own.key)} AS key, ${identifier(versionColumn('main'))} AS version, ${identifier(own.alive)} AS shown FROM ${identifier(table)} WHERE ${where}`,
    );
    return new Map(
      rows.map(({ key, version, shown }) => [key, { version, shownAt: shown === null ? null : Number(shown) }]),
    );
  }

  private async below(table: string, version: string, limit: number): Promise<string[]> {
    using session = await this.applier.session();
    const rows = await session.rows<{ key: string }>(
      `SELECT ${identifier(own.key)} AS key FROM ${identifier(table)} WHERE ${identifier(versionColumn('main'))} < ${literal(version)} AND NOT coalesce(${identifier(own.blocked)}, false) LIMIT ${Math.floor(limit)}`,
    );
    return rows.map(({ key }) => key);
  }

  /** Waits for what is under way and closes the lane. */
  async close(): Promise<void> {
    await this.running;
    await this.inbox.close();
  }
}

/** An empty list would have no type. */
function listed(keys: readonly string[]): string {
  return `(SELECT unnest(CAST(${literalList(keys)} AS VARCHAR[])))`;
}
