/** A pushed source as the server holds it: the door is here, the process behind it is kept alive, and its facts are at hand. */
import { loadConnector } from '../connectors/catalogue.ts';
import type { Connector } from '../connectors/connector.ts';
import { pushedTables } from '../connectors/pushed-tables.ts';
import type { IncomingEvent } from '../connectors/receive-way.ts';
import type { SourceContext } from '../connectors/source-context.ts';
import { extractFolder } from '../contract/extract-folder.ts';
import { AttacheError, fromErrorRecord, toAttacheError } from '../errors/attache-error.ts';
import { compiledEntry } from '../process/compiled-entry.ts';
import { runChild } from '../process/run-child.ts';
import { acceptEvent, type Door, type DoorCounts, noCounts } from './accept-event.ts';
import { DeliveryLedger } from './delivery-ledger.ts';
import { InboxWriter } from './inbox/inbox-writer.ts';
import { dropQuarantined, listQuarantined, showQuarantined, takeQuarantined } from './quarantine.ts';
import { receiveFolder } from './receive-folder.ts';
import type { ApplierStatus, OrderAnswer, OrderKind, ReceiveEvent, ReceiveOrder, ReceiveTask } from './shapes.ts';
import { WaitingEvents } from './waiting-events.ts';

export interface PushedSourceOptions {
  /** New content is live. */
  onPublished?: (generation: number) => void;
  note?: (message: string) => void;
  /** Resident bytes at which the process is ended and started anew. */
  memoryBytes?: number;
}

export interface PushedSourceStatus {
  source: string;
  door: DoorCounts;
  /** Newest sequence stored. */
  stored: number;
  /** Events stored since the start that are not applied yet, as far as the process has said. */
  inbox_depth: number;
  /** Age in milliseconds of the oldest event that is stored and not visible, also while the process is down; 0 when all are visible. */
  lag_ms: number;
  applier: ApplierStatus | null;
  /** Why the process is not running, if it is not. */
  failure: string | null;
}

const entry = compiledEntry(import.meta.url, './child');
const defaultMemoryBytes = 1_000_000_000;
/** Longer than a timer can wait; the process is started anew then. */
const longestRunMs = 2 ** 31 - 1;
const restartMs = { first: 250, longest: 30_000 };

export class PushedSource {
  readonly name: string;
  readonly connector: Connector;
  private readonly task: ReceiveTask;
  private readonly options: PushedSourceOptions;
  private readonly inbox: InboxWriter;
  private readonly door: Door;
  private readonly waiting = new WaitingEvents();
  private readonly abort = new AbortController();
  private readonly answers = new Map<number, { resolve(value: OrderAnswer): void; reject(error: unknown): void }>();
  private tell: ((order: ReceiveOrder) => void) | null = null;
  private lastOrder = 0;
  private applier: ApplierStatus | null = null;
  private failure: string | null = null;
  private supervision: Promise<void> = Promise.resolve();

  private constructor(task: ReceiveTask, connector: Connector, inbox: InboxWriter, options: PushedSourceOptions) {
    this.name = task.source.name;
    this.task = task;
    this.connector = connector;
    this.inbox = inbox;
    this.options = options;
    const context: SourceContext<unknown> = {
      source: this.name,
      settings: task.source.settings,
      signal: this.abort.signal,
      secret: (variable) => {
        const value = task.secrets[variable];
        if (value !== undefined && value !== '') return value;
        throw new AttacheError('unavailable', {
          message: `The source ${this.name} has no secret to check events with.`,
          hint: `Set ${variable} for the process that runs \`da serve\`.`,
        });
      },
    };
    const { quarantine: quarantineDirectory } = receiveFolder(extractFolder(task.dataDirectory, this.name));
    this.door = { connector, context, inbox, ledger: new DeliveryLedger(), quarantineDirectory, counts: noCounts() };
  }

  /** Opens the door and starts the process behind it. */
  static async start(task: ReceiveTask, options: PushedSourceOptions = {}): Promise<PushedSource> {
    const connector = await loadConnector(task.source.type);
    const settings = connector.settings.parse(task.source.settings);
    const folder = receiveFolder(extractFolder(task.dataDirectory, task.source.name));
    const inbox = await InboxWriter.open(folder.inbox.pushed);
    const source = new PushedSource({ ...task, source: { ...task.source, settings } }, connector, inbox, options);
    source.supervision = source.supervise();
    return source;
  }

  get bodyLimit(): number {
    return this.connector.receive!.bodyLimit(this.task.source.settings);
  }

  /** Whether the source fills this table, and so would bring it back. */
  fills(table: string): boolean {
    return pushedTables(this.connector.receive!, this.task.source.settings).some(({ id }) => id === table);
  }

  /** Resolves with the event's sequence once it is durable. */
  async accept(event: IncomingEvent): Promise<number> {
    const { newest } = this.inbox;
    const sequence = await acceptEvent(this.door, event);
    // One that was stored before waits, if it does, since then.
    if (sequence > newest) this.waiting.add(sequence, event.receivedAt);
    return sequence;
  }

  status(): PushedSourceStatus {
    const applied = this.applier?.applied.pushed ?? 0;
    return {
      source: this.name,
      door: { ...this.door.counts },
      stored: this.inbox.newest,
      inbox_depth:
        this.door.counts.accepted === 0
          ? 0
          : Math.min(this.door.counts.accepted, Math.max(0, this.inbox.newest - applied)),
      lag_ms: Math.max(this.waiting.lag(Date.now()), this.applier?.lag_ms ?? 0),
      applier: this.applier,
      failure: this.failure,
    };
  }

  /** Asks the process for something and waits for its answer. */
  order(kind: OrderKind, force = false): Promise<OrderAnswer> {
    const { tell } = this;
    if (tell === null)
      throw new AttacheError('unavailable', {
        message: `The process of ${this.name} is not running${this.failure === null ? '' : `: ${this.failure}`}.`,
        hint: 'It is started again by itself; try in a moment.',
        retryable: true,
      });
    this.lastOrder += 1;
    const id = this.lastOrder;
    return new Promise((resolve, reject) => {
      this.answers.set(id, { resolve, reject });
      tell({ id, kind, force });
    });
  }

  quarantined() {
    return listQuarantined(this.door.quarantineDirectory);
  }

  showQuarantined(id: string) {
    return showQuarantined(this.door.quarantineDirectory, id);
  }

  /** Puts an event from quarantine into the inbox, past the checks at the door. */
  async release(id: string): Promise<number> {
    const { body, receivedAt, ...facts } = await takeQuarantined(this.door.quarantineDirectory, id);
    const sequence = await this.inbox.append({ ...facts, receivedAt, released: true }, body);
    this.waiting.add(sequence, Date.now());
    await dropQuarantined(this.door.quarantineDirectory, id);
    return sequence;
  }

  /** Stops taking events, lets the process finish its commit, and waits for both. */
  async close(): Promise<void> {
    this.abort.abort();
    await this.inbox.close();
    await this.supervision;
  }

  /** Starts the process again whenever it ends, with growing pauses while it keeps failing. */
  private async supervise(): Promise<void> {
    let pause = restartMs.first;
    while (!this.abort.signal.aborted) {
      const started = Date.now();
      try {
        await this.runOnce();
      } catch (thrown) {
        const error = toAttacheError(thrown);
        if (this.abort.signal.aborted) break;
        this.failure = error.message;
        this.options.note?.(`The process of ${this.name} ended: ${error.message}`);
      }
      this.tell = null;
      for (const { reject } of this.answers.values())
        reject(
          new AttacheError('unavailable', {
            message: `The process of ${this.name} ended before it answered.`,
            retryable: true,
          }),
        );
      this.answers.clear();
      pause = Date.now() - started > restartMs.longest ? restartMs.first : Math.min(pause * 2, restartMs.longest);
      await this.wait(pause);
    }
  }

  private runOnce(): Promise<void> {
    return runChild<void, ReceiveEvent>({
      entry,
      task: this.task,
      limits: { memoryBytes: this.options.memoryBytes ?? defaultMemoryBytes, timeMs: longestRunMs },
      what: `The process of ${this.name}`,
      signal: this.abort.signal,
      onEvent: (event) => this.hear(event),
      onStart: (tell) => {
        this.tell = tell;
      },
    });
  }

  private hear(event: ReceiveEvent): void {
    if (event.kind === 'published') {
      this.waiting.settle(event.visible);
      this.options.onPublished?.(event.generation);
    } else if (event.kind === 'note') this.options.note?.(event.message);
    else if (event.kind === 'status') {
      this.applier = event.status;
      this.waiting.settle(event.status.visible.pushed);
      this.failure = null;
    } else {
      const waiting = this.answers.get(event.id);
      this.answers.delete(event.id);
      if (event.kind === 'answer') waiting?.resolve(event.value);
      else waiting?.reject(fromErrorRecord(event.error));
    }
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const signal = this.abort.signal;
      function done() {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}
