/** The one who applies: reads the lanes in turn, brings batches into the state, publishes at a pace the load allows. */
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSize } from '../connectors/byte-size.ts';
import type { Connector } from '../connectors/connector.ts';
import { pushedTables } from '../connectors/pushed-tables.ts';
import { extractFolder } from '../contract/extract-folder.ts';
import { readExtractCatalogue } from '../contract/read.ts';
import { literal } from '../duckdb/quote.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { renameDurably, syncFile } from '../files/durable.ts';
import { crashPoint } from '../publish/crash-point.ts';
import { sweepParts } from '../publish/sweep.ts';
import { bytesAfter, type LanePosition, readAhead } from './inbox/inbox-reader.ts';
import { appliedSegments, olderThan, packSegment } from './inbox/retain-segments.ts';
import { eventsTable, interpretFrames } from './interpret-frames.ts';
import { checkPublished, type OwnRow, type Published, type PublishPlace, publishState } from './publish-state.ts';
import { countQuarantined } from './quarantine.ts';
import { type Lane, lanes, type ReceiveFolder, receiveFolder } from './receive-folder.ts';
import type { ApplierStatus, ReceiveTask, ReplayReport } from './shapes.ts';
import { applyChanges } from './state/apply-changes.ts';
import { OutgrownState } from './state/carried-over.ts';
import { compact } from './state/compact.ts';
import { countMisfits } from './state/fill-members.ts';
import { openState, readPositions, type State } from './state/open-state.ts';
import { tableHashes } from './state/table-hashes.ts';

/** A batch is whatever comes first: bodies are held as they came, and each event becomes some rows on the way. */
const batch = { bytes: 8 * 1024 * 1024, events: 2_000 };
const bulkEvents = 500;
const shortestPauseMs = 1_000;
/** What DuckDB may hold beside the process's own heap, whatever it is given elsewhere: the process is there day and night. */
const mostMemory = 192e6;
const coolMs = 10 * 60_000;
const retentionMs = 30 * 86_400_000;
const baseEveryMs = 86_400_000;

export class Applier {
  readonly folder: ReceiveFolder;
  readonly facts: Omit<ApplierStatus, 'applied' | 'quarantined' | 'misfits' | 'lag_ms' | 'waiting_bytes'>;
  private readonly task: ReceiveTask;
  private readonly connector: Connector;
  private readonly place: PublishPlace;
  private state!: State;
  /** Tables of the extract that nobody fills any more; they go with the next publication. */
  private leaving: string[] = [];
  /** When the oldest event that is applied and not yet published arrived. */
  private oldestUnpublished: number | null = null;
  private nextPublishAt = 0;
  /** How long the last batch took to apply. */
  private applyMs = 0;
  private positions!: Record<Lane, LanePosition>;
  /** Something may have changed since the last publication. */
  private unsettled = true;
  /** Rows are being built anew: nothing goes live before they are all there. */
  private rebuilding = false;

  private constructor(task: ReceiveTask, connector: Connector, scratch: string) {
    const extract = extractFolder(task.dataDirectory, task.source.name);
    this.task = task;
    this.connector = connector;
    this.folder = receiveFolder(extract);
    const memory = Math.min(mostMemory, parseSize(task.duckdb.memoryLimit) ?? mostMemory);
    // One thread: batches are small, a second one costs more than it brings, and the other core belongs to the door.
    const limits = { memoryLimit: `${memory}B`, threads: 1, tempDirectory: join(scratch, 'spill') };
    this.place = { folder: extract, scratch, limits };
    this.facts = {
      visible: { pushed: 0, polled: 0 },
      backlog: false,
      last_visible_ms: null,
      generation: 0,
      published_at: null,
      events_applied: 0,
      bytes_written: 0,
      bytes_received: 0,
      last_reconcile: null,
      damage: [],
    };
  }

  static async open(task: ReceiveTask, connector: Connector, scratch: string): Promise<Applier> {
    const applier = new Applier(task, connector, scratch);
    for (const lane of lanes) await mkdir(applier.folder.inbox[lane], { recursive: true, mode: 0o700 });
    await applier.openState();
    applier.facts.damage.push(...(await checkPublished(applier.state, applier.place)));
    const { generation, tables } = await readExtractCatalogue(applier.place.folder, applier.place.limits);
    applier.facts.generation = generation;
    applier.leaving = [...tables.keys()].filter((id) => !applier.fills(id));
    return applier;
  }

  get settings(): unknown {
    return this.task.source.settings;
  }

  private fills(table: string): boolean {
    return pushedTables(this.connector.receive!, this.settings).some(({ id }) => id === table);
  }

  /** For questions beside the work; see what is committed. */
  session() {
    return this.state.database.connect();
  }

  /**
   * Whether events had better wait: nobody sees before the next publication what is applied now, and a batch of one costs nearly what a batch of hundreds
   * does. Not when so many wait that they fill a batch.
   */
  async gathers(): Promise<boolean> {
    if (Date.now() >= this.nextPublishAt - this.applyMs) return false;
    return (await this.waitingBytes()) < batch.bytes;
  }

  /** Applies the next batch of each lane. False when there was nothing. */
  async applyNext(): Promise<boolean> {
    const started = Date.now();
    let any = false;
    for (const lane of lanes) any = (await this.applyLane(lane)) || any;
    if (any) this.applyMs = Date.now() - started;
    else this.rebuilding = false;
    this.facts.backlog = any;
    return any;
  }

  private async applyLane(lane: Lane): Promise<boolean> {
    const before = this.positions[lane];
    const ahead = await readAhead(this.folder.inbox[lane], before, batch.bytes, batch.events);
    this.facts.damage.push(...ahead.damage);
    const moved = ahead.position.segment !== before.segment || ahead.position.offset !== before.offset;
    if (ahead.frames.length === 0 && !moved) return false;
    const interpreter = {
      connector: this.connector,
      settings: this.settings,
      quarantineDirectory: this.folder.quarantine,
    };
    const changes = await interpretFrames(interpreter, ahead.frames, lane);
    const bulk = this.rebuilding || (lane === 'polled' && ahead.frames.length >= bulkEvents);
    await applyChanges(this.state, { changes, lane, position: ahead.position, bulk }, this.place.scratch);
    this.positions[lane] = ahead.position;
    this.unsettled = true;
    this.facts.events_applied += ahead.frames.length;
    for (const { head, body } of ahead.frames) {
      this.facts.bytes_received += body.length;
      this.oldestUnpublished = Math.min(this.oldestUnpublished ?? head.receivedAt, head.receivedAt);
    }
    return ahead.frames.length > 0;
  }

  /** Publishes when something is dirty and the pause is over. At once when idle, at most once a second, and at least as long apart as a publish takes. */
  async publishDue(force = false): Promise<Published | null> {
    const started = Date.now();
    if (this.rebuilding || (!force && (!this.unsettled || started < this.nextPublishAt))) return null;
    this.nextPublishAt = started + shortestPauseMs;
    const published = await publishState(this.state, this.place, this.progressRow(), this.leaving);
    this.unsettled = false;
    this.facts.visible = { pushed: this.positions.pushed.sequence, polled: this.positions.polled.sequence };
    if (published === null) {
      // What was applied changed nothing, so nobody waits for it.
      this.nextPublishAt = started;
      this.oldestUnpublished = null;
      return null;
    }
    this.leaving = [];
    crashPoint('publish.after-all');
    const ended = Date.now();
    this.nextPublishAt = Math.max(started + shortestPauseMs, ended + (ended - started));
    this.facts.last_visible_ms = this.oldestUnpublished === null ? null : ended - this.oldestUnpublished;
    this.oldestUnpublished = null;
    this.facts.generation = published.generation;
    this.facts.published_at = new Date(ended).toISOString();
    this.facts.bytes_written += published.bytes;
    return published;
  }

  private progressRow(): OwnRow {
    const { progress } = this.connector.receive!.ownTables(this.settings);
    const instant = (text: string | null) => (text === null ? 'NULL' : literal(text.slice(0, -1).replace('T', ' ')));
    const applied = (lane: Lane) => `(SELECT max(sequence) FROM "~positions" WHERE lane = ${literal(lane)})`;
    return {
      table: progress,
      description: 'How far the source is: one row, renewed with every publication.',
      columns: [
        { name: 'published_at', type: 'TIMESTAMP', sql: instant(new Date().toISOString()) },
        { name: 'generation', type: 'BIGINT', sql: String(this.facts.generation + 1) },
        { name: 'applied_sequence', type: 'BIGINT', sql: applied('pushed') },
        { name: 'applied_polled', type: 'BIGINT', sql: applied('polled') },
        {
          name: 'oldest_event_age_ms',
          type: 'BIGINT',
          sql: this.oldestUnpublished === null ? 'NULL' : String(Date.now() - this.oldestUnpublished),
        },
        { name: 'last_reconcile', type: 'TIMESTAMP', sql: instant(this.facts.last_reconcile) },
      ],
    };
  }

  async status(): Promise<ApplierStatus> {
    return {
      ...this.facts,
      damage: this.facts.damage.slice(-20),
      applied: { pushed: this.positions.pushed.sequence, polled: this.positions.polled.sequence },
      lag_ms: this.oldestUnpublished === null ? 0 : Date.now() - this.oldestUnpublished,
      waiting_bytes: await this.waitingBytes(),
      quarantined: await countQuarantined(this.folder.quarantine),
      misfits: await countMisfits(this.state.session, this.state.tables),
    };
  }

  private async waitingBytes(): Promise<number> {
    const sizes = await Promise.all(lanes.map((lane) => bytesAfter(this.folder.inbox[lane], this.positions[lane])));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Moves cooled rows to cold parts; what that changes is published like anything else. */
  async compact(now = Date.now()): Promise<number> {
    const moved = await compact(this.state, { now, coolMs, mostParts: 3 });
    crashPoint('compact.after-move');
    if (moved > 0) this.unsettled = true;
    return moved;
  }

  /** Removes parts nobody names any more. */
  async sweep(): Promise<void> {
    const { folder, limits } = this.place;
    crashPoint('sweep.before');
    await sweepParts(folder, await readExtractCatalogue(folder, limits), {
      graceMs: this.task.limits.graceMs,
      now: Date.now(),
    });
  }

  /** Packs one applied segment, and drops old ones once a copy of the state stands in for them. */
  async retain(now = Date.now()): Promise<void> {
    for (const lane of lanes) {
      const applied = await appliedSegments(this.folder.inbox[lane], this.positions[lane]);
      const old = await olderThan(applied, now - retentionMs);
      // The copy is as large as the state, so it is made once for a day of segments.
      if ((await olderThan(old, now - retentionMs - baseEveryMs)).length > 0) {
        await this.keepBase();
        for (const segment of old) await rm(segment.path, { force: true });
      }
      const plain = applied.find((segment) => !segment.packed && !old.includes(segment));
      if (plain !== undefined) await packSegment(plain);
    }
  }

  private async keepBase(): Promise<void> {
    await this.state.session.run('CHECKPOINT');
    const draft = `${this.folder.base}.draft`;
    await copyFile(this.folder.state, draft);
    await syncFile(draft);
    await renameDurably(draft, this.folder.base);
  }

  /** Builds the state anew from the kept events and says whether it came out the same. Nothing is published meanwhile. */
  async replay(signal: AbortSignal): Promise<ReplayReport> {
    while (await this.applyNext()) signal.throwIfAborted();
    const before = await tableHashes(this.state);
    this.state.close();
    const aside = `${this.folder.state}.before`;
    await rename(this.folder.state, aside);
    await rm(`${this.folder.state}.wal`, { force: true });
    try {
      await this.openState();
      while (await this.applyNext()) signal.throwIfAborted();
    } catch (thrown) {
      this.state.close();
      await rename(aside, this.folder.state);
      await this.openState();
      throw thrown;
    }
    await rm(aside, { force: true });
    const after = await tableHashes(this.state);
    const tables = [...after].map(([table, { rows, hash }]) => ({
      table,
      rows,
      before: before.get(table)?.hash ?? '',
      after: hash,
    }));
    return { equal: tables.every((table) => table.before === table.after), tables };
  }

  /** The state as it stands; a damaged one is set aside and built anew from the base copy and the events after it. */
  private async openState(): Promise<void> {
    const { state: path, base } = this.folder;
    const present = await isThere(path);
    if (!present && (await isThere(base))) {
      await copyFile(base, `${path}.draft`);
      await renameDurably(`${path}.draft`, path);
      this.rebuilding = true;
    }
    const tables = this.connector.receive!.tables(this.settings);
    const { events } = this.connector.receive!.ownTables(this.settings);
    const received = [...tables, eventsTable(events)];
    const opened = await openState(path, received, this.place.limits).catch(async (thrown: Error) => {
      if (thrown instanceof OutgrownState) return this.outgrow(thrown);
      if (!present) throw thrown;
      this.facts.damage.push(`The state cannot be opened and is built anew from the stored events: ${thrown.message}`);
      await rename(path, `${path}.damaged`);
      await rm(`${path}.wal`, { force: true });
      return null;
    });
    if (opened === null) return this.openState();
    this.state = opened.state;
    this.positions = await readPositions(this.state.session);
    this.unsettled = true;
    if (opened.isNew) this.rebuilding = true;
  }

  /** Settings under which rows have other names or keys: the events tell them anew, as long as every event is kept. */
  private async outgrow({ message }: OutgrownState): Promise<null> {
    const { state: path, base, directory } = this.folder;
    if (await isThere(base))
      throw new AttacheError('conflict', {
        message: `The rows of ${this.task.source.name} cannot be carried over: ${message} Events older than 30 days are gone, so they cannot be told anew.`,
        hint: `Set it back, or give the source another name. To go on with the events that are kept, remove ${directory}/state.duckdb and ${directory}/base.duckdb.`,
      });
    await rename(path, `${path}.outgrown`);
    await rm(`${path}.wal`, { force: true });
    return null;
  }

  async close(): Promise<void> {
    await this.state.session.run('CHECKPOINT').catch(() => {}); // The log stays and is replayed at the next start.
    this.state.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
