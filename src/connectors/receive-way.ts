/**
 * The third way of a connector: data that arrives by itself. A connector proves who sent an event and says what it means; inbox, order, state, parts, publishing,
 * replay and lag belong to the receiver, which knows no source by name.
 *
 * Every change is a statement that stays true whatever arrives before or after it, so events may come in any order, twice, or late.
 */
import type { SourceContext } from './source-context.ts';

export interface ReceiveWay<Settings> {
  /** Proves that the source sent these exact bytes: throws `unauthorized` when it did not, `unavailable` when nothing could prove it. */
  verify(context: SourceContext<Settings>, event: IncomingEvent): void;
  /** Reads the envelope before anything is stored; throws `malformed` when there is none to read. Either way the event is kept aside when it must not be applied. */
  admit(settings: Settings, event: IncomingEvent): Admission;
  /** What one stored event means. Pure; throws `source_data` for what cannot be understood, which is then kept aside. */
  interpret(settings: Settings, event: StoredEvent): ReceivedChange[];
  /** The tables the source keeps. A parent stands before its children. */
  tables(settings: Settings): ReceivedTable[];
  /** The id of the table that lists the events themselves, and of the one-row table that says how far things are. */
  ownTables(settings: Settings): { events: string; progress: string };
  /** Largest body in bytes. */
  bodyLimit(settings: Settings): number;
  /** Asks the source for what its events did not tell; null when the settings give no credentials. What it finds comes back as events. */
  poll?(context: SourceContext<Settings>): PollWay | null;
}

export interface IncomingEvent {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** Milliseconds since the epoch. */
  receivedAt: number;
}

/** What the envelope of an event says. */
export interface EventFacts {
  /** The delivery's own id, equal on every retry; null when it has none. */
  identifier: string | null;
  /** The event's name; null when it has none. */
  name: string | null;
  /** Milliseconds since the epoch at which it happened; null when the source does not say. */
  occurredAt: number | null;
}

export interface Admission {
  facts: EventFacts;
  /** Why the event must be kept aside instead of applied; null when it may pass. */
  aside: string | null;
}

export interface StoredEvent extends EventFacts {
  body: Buffer;
  receivedAt: number;
  /** `pushed` by the source; `polled` by our own asking, in a form only the connector writes. */
  origin: 'pushed' | 'polled';
  /** An operator let it pass although the door had kept it aside. */
  released: boolean;
}

export interface ReceivedTable {
  id: string;
  description: string;
  columns: readonly ReceivedColumn[];
  primary_key: readonly string[];
  /** A time column that never changes: rows of one UTC month share their files. */
  month?: string;
  /** A row is hidden while one of these is gone or hidden itself; a parent nobody has heard of hides nothing. */
  parents?: readonly TableReference[];
  /** A boolean column that hides the row while it is true. */
  hiddenBy?: string;
  /** A row is hidden until these are known. */
  required?: readonly string[];
  /** A boolean column that is true while some value of the row does not fit its column. */
  misfit?: string;
  /** Columns the receiver fills from other rows. */
  derived?: readonly DerivedColumn[];
}

export interface ReceivedColumn {
  name: string;
  type: 'VARCHAR' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'TIMESTAMP' | 'DATE';
  /** Columns of a group are known together and carry one version; default `main`. */
  group?: string;
  /** Part of the state, not of the published table. */
  internal?: boolean;
}

/** `column` holds the key of a row of `table`. */
interface TableReference {
  table: string;
  column: string;
}

export type DerivedColumn =
  /** The value of a column of the row that `by` names; `otherwise` a column of this row while there is none. */
  | { kind: 'value'; column: string; table: string; by: string; value: string; otherwise?: string }
  /** Whether the row that `by` names has in `value` what this row has in `same`. */
  | { kind: 'same'; column: string; table: string; by: string; value: string; same: string }
  /** How many visible rows of `table` name this row in one of the columns `by`. */
  | { kind: 'count'; column: string; table: string; by: readonly string[] }
  /** A member of a JSON column, as far as it fits the type. */
  | { kind: 'member'; column: string; from: string; member: string };

export type ReceivedValue = string | number | boolean | null;

interface About {
  table: string;
  key: readonly string[];
}

export type ReceivedChange =
  /** The columns of a group as of `version`; the greater text stays. `seen`: when the source showed that the row was there, in milliseconds. */
  | (About & { kind: 'row'; version: string; seen: number; group?: string; row: Record<string, ReceivedValue> })
  /** The row is deleted. It beats every row, however new; only `alive` of a later time brings it back. */
  | (About & { kind: 'gone'; at: number })
  /** The source showed the row itself when asked for it by its key. */
  | (About & { kind: 'alive'; at: number })
  /** All rows of `table` that belong to `parent`, or with `*` all there are, were shown at `at`: one that was last seen earlier is gone. */
  | { kind: 'complete'; table: string; parent: string; at: number };

/** The asking half. Everything found goes to `keep`, and returns as an event of origin `polled`. */
export interface PollWay {
  /** Looks for what was missed; called at start, every `everyMs` and after silence. */
  reconcile(work: PollWork): Promise<PollReport>;
  /** Brings everything there is; goes on where it was cut off. */
  backfill(work: PollWork): Promise<PollReport>;
  /** Finds out what was deleted without a word. `force` passes the safety limit. */
  findDeleted(work: PollWork, force: boolean): Promise<PollReport>;
  /** Fetches rows that an event only mentioned; called often, does little. */
  hydrate(work: PollWork): Promise<PollReport>;
  everyMs: number;
}

export interface PollWork {
  signal: AbortSignal;
  /** Stores an event durably. */
  keep(body: Buffer, facts: EventFacts): Promise<void>;
  /** What an earlier call remembered under this name, and where to remember the next. */
  recall(name: string): unknown;
  remember(name: string, value: unknown): Promise<void>;
  /** The known rows of a table among `keys`, or with null all that are not hidden, by key. */
  known(table: string, keys: readonly string[] | null): Promise<Map<string, KnownRow>>;
  /** Keys of visible rows whose version is smaller than `version`. */
  below(table: string, version: string, limit: number): Promise<string[]>;
  note(message: string): void;
}

export interface KnownRow {
  /** The version of its main group. */
  version: string | null;
  /** When the source last showed the row itself, in milliseconds; null when it never did. */
  shownAt: number | null;
}

export interface PollReport {
  /** Rows looked at. */
  looked: number;
  /** Events kept. */
  kept: number;
  /** Sentences for people, e.g. why something was left alone. */
  notes: string[];
}
