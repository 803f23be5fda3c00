/** The one who applies: reads the lanes in turn, brings batches into the state, publishes at a pace the load allows. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSize } from '../connectors/byte-size.ts';
import type { Connector } from '../connectors/connector.ts';
import { pushedTables } from '../connectors/pushed-tables.ts';
import { extractFolder } from '../contract/extract-folder.ts';
import { readExtractCatalogue } from '../contract/read.ts';
import { crashPoint } from '../publish/crash-point.ts';
import { sweepParts } from '../publish/sweep.ts';
import { applyFrames } from './apply-frames.ts';
import { bytesAfter, type LanePosition, laneEnd, readAhead } from './inbox/inbox-reader.ts';
import { UnpackedSegment } from './inbox/unpacked-segment.ts';
import { eventsTable, type Interpreter } from './interpret-frames.ts';
import { endBuilding, openKeptState, setDamagedAside } from './open-kept-state.ts';
import { progressRow } from './progress-row.ts';
import { checkPublished, type Published, type PublishPlace, publishState } from './publish-state.ts';
import { nextPublication, type Waiting } from './publishing-pause.ts';
import { countQuarantined } from './quarantine.ts';
import { type Lane, lanes, type ReceiveFolder, receiveFolder } from './receive-folder.ts';
import { beginReplay, compareTables, endReplay, undoReplay } from './replay-events.ts';
import { dropOldEvents, packApplied } from './retain-events.ts';
import type { ApplierStatus, ReceiveTask, ReplayReport } from './shapes.ts';
import { compact } from './state/compact.ts';
import { countMisfits } from './state/fill-members.ts';
import type { State } from './state/open-state.ts';
import { tableHashes } from './state/table-hashes.ts';

/** A batch is whatever comes first: bodies are held as they came, and each event becomes some rows on the way. */
const batch = { bytes: 8 * 1024 * 1024, events: 1_000 };
const bulkEvents = 500;
/** What DuckDB may hold beside the process's own heap, whatever it is given elsewhere: the process is there day and night. */
const mostMemory = 160e6;
const coolMs = 10 * 60_000;

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
  private readonly unpacked = { pushed: new UnpackedSegment(), polled: new UnpackedSegment() };
  /** Something may have changed since the last publication. */
  private unsettled = true;
  /** Rows are being built anew: nothing goes live before they are all there. */
  private building = false;
  /** Where each lane ended when the building began. */
  private builtAt!: Record<Lane, Pick<LanePosition, 'segment' | 'offset'>>;
  /** Of the segment that is packed beside the work. */
  private packing: Promise<void> = Promise.resolve();

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
    await undoReplay(applier.folder);
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

  private get interpreter(): Interpreter {
    return { connector: this.connector, settings: this.settings, quarantineDirectory: this.folder.quarantine };
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
    if (this.building && (!any || this.isBuilt())) await this.endBuilding();
    this.facts.backlog = any;
    return any;
  }

  /** What was stored when the building began is applied; what comes meanwhile may never end. */
  private isBuilt(): boolean {
    return lanes.every((lane) => {
      const [end, at] = [this.builtAt[lane], this.positions[lane]];
      return at.segment > end.segment || (at.segment === end.segment && at.offset >= end.offset);
    });
  }

  private async endBuilding(): Promise<void> {
    await endBuilding(this.folder);
    this.building = false;
  }

  private async applyLane(lane: Lane, events = batch.events): Promise<boolean> {
    const before = this.positions[lane];
    const ahead = await readAhead(this.folder.inbox[lane], before, batch.bytes, events, this.unpacked[lane]);
    const moved = ahead.position.segment !== before.segment || ahead.position.offset !== before.offset;
    const isAhead = ahead.frames.length > 0 || moved;
    const bulk = this.building || (lane === 'polled' && ahead.frames.length >= bulkEvents);
    const applied =
      !isAhead || (await applyFrames(this.state, this.interpreter, { ...ahead, lane, bulk }, this.place.scratch));
    // Whoever reads the same again tells what is damaged in it.
    if (!applied) return this.applyInHalves(lane, ahead.frames.length);
    this.facts.damage.push(...ahead.damage);
    if (!isAhead) return false;
    this.positions[lane] = ahead.position;
    this.unsettled = true;
    this.facts.events_applied += ahead.frames.length;
    for (const { head, body } of ahead.frames) {
      this.facts.bytes_received += body.length;
      this.oldestUnpublished = Math.min(this.oldestUnpublished ?? head.receivedAt, head.receivedAt);
    }
    return ahead.frames.length > 0;
  }

  /** After a batch that was refused: whichever of its events is to be blamed, the others count. */
  private async applyInHalves(lane: Lane, frames: number): Promise<boolean> {
    const half = Math.ceil(frames / 2);
    await this.applyLane(lane, half);
    await this.applyLane(lane, frames - half);
    return true;
  }

  /** Publishes when something is dirty and the pause is over, see `nextPublication`; at once when idle. */
  async publishDue(force = false): Promise<Published | null> {
    const started = Date.now();
    if (this.building || (!force && (!this.unsettled || started < this.nextPublishAt))) return null;
    this.nextPublishAt = nextPublication({ started, ended: started }, 'none');
    const { progress } = this.connector.receive!.ownTables(this.settings);
    const row = progressRow(progress, {
      generation: this.facts.generation + 1,
      oldestEventAgeMs: this.oldestUnpublished === null ? null : started - this.oldestUnpublished,
      lastReconcile: this.facts.last_reconcile,
    });
    const published = await publishState(this.state, this.place, row, this.leaving);
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
    this.nextPublishAt = nextPublication({ started, ended }, await this.waits());
    this.facts.last_visible_ms = this.oldestUnpublished === null ? null : ended - this.oldestUnpublished;
    this.oldestUnpublished = null;
    this.facts.generation = published.generation;
    this.facts.published_at = new Date(ended).toISOString();
    this.facts.bytes_written += published.bytes;
    return published;
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

  private async waits(): Promise<Waiting> {
    const bytes = await this.waitingBytes();
    if (bytes === 0) return 'none';
    return bytes < batch.bytes ? 'some' : 'batch';
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

  /** Drops events that are old, and begins to pack one segment that is applied: seconds of work that no event waits for. Throws what kept the last one from being packed. */
  async retain(now = Date.now()): Promise<void> {
    await this.packing;
    const { folder, state, positions } = this;
    await dropOldEvents({ folder, state, positions, limits: this.place.limits }, now);
    this.packing = packApplied({ folder, positions: { ...positions } });
    // Heard at the next turn.
    this.packing.catch(() => {});
  }

  /** Builds the state anew from the kept events and says whether it came out the same. Nothing is published meanwhile. */
  async replay(signal: AbortSignal): Promise<ReplayReport> {
    // It reads from the first segment on, and none may change its name meanwhile.
    await this.packing;
    while (await this.applyNext()) signal.throwIfAborted();
    const before = await tableHashes(this.state);
    this.state.close();
    await beginReplay(this.folder);
    try {
      await this.openState();
      while (await this.applyNext()) signal.throwIfAborted();
    } catch (thrown) {
      this.state.close();
      await undoReplay(this.folder);
      await this.openState();
      throw thrown;
    }
    await endReplay(this.folder);
    return compareTables(before, await tableHashes(this.state));
  }

  /** After a failure that says so: the next process builds the state anew. */
  async giveUpDamaged(): Promise<void> {
    this.state.close();
    await setDamagedAside(this.folder);
  }

  private async openState(): Promise<void> {
    const { tables, ownTables } = this.connector.receive!;
    const received = [...tables(this.settings), eventsTable(ownTables(this.settings).events)];
    const place = { folder: this.folder, source: this.task.source.name, limits: this.place.limits };
    const kept = await openKeptState(place, received);
    this.state = kept.state;
    this.positions = kept.positions;
    this.building = kept.building;
    const { pushed, polled } = this.folder.inbox;
    this.builtAt = { pushed: await laneEnd(pushed), polled: await laneEnd(polled) };
    this.facts.damage.push(...kept.damage);
    this.unsettled = true;
  }

  async close(): Promise<void> {
    await this.packing.catch(() => {}); // The plain segment counts as long as it is there.
    await this.state.session.run('CHECKPOINT').catch(() => {}); // The log stays and is replayed at the next start.
    this.state.close();
  }
}
