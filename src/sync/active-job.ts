/** A job while it is queued or running: its row, its events and the way to stop it. */
import { randomBytes } from 'node:crypto';
import type { ExtractEvent, TableResult } from '../extract/shapes.ts';
import type { JobRow, JobTable } from '../system/jobs.ts';
import { JobFeed } from './job-feed.ts';
import { finishedStatus, isFinished, waitingTable } from './job-status.ts';

/** How much of its tables a job reads. */
export interface Reading {
  /** Everything, whatever the fingerprints and watermarks say. */
  full?: boolean;
  /** Incremental tables from this cursor value on. */
  since?: string;
}

export class ActiveJob {
  readonly row: JobRow;
  readonly reading: Reading;
  readonly feed = new JobFeed();
  private readonly abort = new AbortController();
  private readonly byId: Map<string, JobTable>;

  constructor(
    tables: readonly { id: string; source_name: string }[],
    asked: { cause: JobRow['cause']; by: string | null; now: Date; reading?: Reading },
  ) {
    const rows = tables.map((table) => waitingTable(table.id, table.source_name));
    this.reading = asked.reading ?? {};
    this.byId = new Map(rows.map((row) => [row.id, row]));
    this.row = {
      id: newJobId(asked.now),
      status: 'queued',
      cause: asked.cause,
      requested_by: asked.by,
      created_at: asked.now.toISOString(),
      started_at: null,
      finished_at: null,
      tables: rows,
      notes: [],
      error: null,
    };
    this.announce();
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get sources(): string[] {
    return [...new Set(this.row.tables.map((table) => table.source))];
  }

  tablesOf(source: string): JobTable[] {
    return this.row.tables.filter((table) => table.source === source);
  }

  /** Whether a trigger for exactly these tables, or for some that all still wait, is this job's work already. */
  covers(ids: readonly string[], reading: Reading): boolean {
    const alike = this.reading.full === reading.full && this.reading.since === reading.since;
    if (this.signal.aborted || !alike) return false;
    const same = ids.length === this.byId.size && ids.every((id) => this.byId.has(id));
    return same || (ids.length > 0 && ids.every((id) => this.byId.get(id)?.status === 'waiting'));
  }

  holds(id: string): boolean {
    return this.byId.has(id);
  }

  start(now: Date): void {
    if (this.row.status !== 'queued') return;
    this.row.status = 'running';
    this.row.started_at = now.toISOString();
    this.announce();
  }

  /** Takes in what the extraction says while it works. */
  hear(event: ExtractEvent): void {
    if (event.kind === 'table_started') this.change(event.table, { status: 'running', started_at: isoNow() });
    else if (event.kind === 'table_progress')
      this.feed.publish('progress', { table: event.table, bytes: event.bytes, rows: event.rows });
    else if (event.kind === 'note') this.note(event.message);
    // A finished table counts when the run's report says that it is published.
  }

  note(message: string): void {
    this.row.notes.push(message);
    this.feed.publish('note', { message });
  }

  /** Takes in how a table ended. */
  settle(result: TableResult): void {
    const { id, status, rows, size_bytes, rejected, schema_changes, warnings, error, started_at, finished_at } = result;
    this.change(id, {
      status,
      rows,
      size_bytes,
      rejected,
      schema_changes,
      warnings,
      error,
      started_at,
      finished_at,
    });
  }

  cancel(): void {
    this.abort.abort();
  }

  finish(now: Date): void {
    this.row.status = finishedStatus(this.row.tables, this.signal.aborted && this.row.tables.some(isCancelled));
    this.row.finished_at = now.toISOString();
    this.announce();
    this.feed.end();
  }

  get finished(): boolean {
    return this.row.finished_at !== null;
  }

  unfinishedOf(source: string): JobTable[] {
    return this.tablesOf(source).filter((table) => !isFinished(table.status));
  }

  private change(id: string, facts: Partial<JobTable>): void {
    const table = this.byId.get(id);
    if (table === undefined) return;
    Object.assign(table, facts);
    this.feed.publish('table', { ...table });
  }

  private announce(): void {
    const { id, status, started_at, finished_at } = this.row;
    this.feed.publish('job', { id, status, started_at, finished_at });
  }
}

const isCancelled = (table: JobTable) => table.status === 'cancelled';

const isoNow = () => new Date().toISOString();

let sequence = 0;

/** Ids sort by creation, also within one millisecond. */
function newJobId(now: Date): string {
  sequence = (sequence + 1) % 0x10000;
  const time = now.getTime().toString(36).padStart(9, '0');
  return `job_${time}${sequence.toString(16).padStart(4, '0')}${randomBytes(4).toString('hex')}`;
}
