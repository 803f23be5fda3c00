/**
 * What a connector is: one record that says how to configure, probe and list a source, and one or more ways to bring its data.
 *
 * A connector describes bytes; the runner moves them. A connector never opens an extract, chooses a published path, touches `_meta`, reads the environment, schedules,
 * retries a table or swallows an error.
 */
import type { z } from 'zod';
import type { Column, RemoteAttach } from '../contract/shapes.ts';
import type { Session } from '../duckdb/session.ts';
import type { AttacheError } from '../errors/attache-error.ts';
import type { ReceiveWay } from './receive-way.ts';
import type { ReadRange, TableOptions } from './table-options.ts';

/** Everything the project needs to know of one type of source. */
// biome-ignore lint/suspicious/noExplicitAny: a list of connectors holds settings of many shapes; each record checks its own.
export interface Connector<Settings = any> {
  /** The word in `type:` of a source, e.g. `postgres`. */
  readonly type: string;
  /** The name people know it by. */
  readonly title: string;
  /** One sentence: what it reads. */
  readonly summary: string;
  /** The settings of a source, strict, with labels; values marked by `secret()` never leave the process unmasked. */
  readonly settings: z.ZodType<Settings>;
  /** The table options of this type beyond the shared ones, strict. */
  readonly options: z.ZodObject;
  /** Which shared table options and strategies the source can serve. */
  readonly serves: Serves;
  /** Its tables lie in no schema, bucket or dataset, so that naming one has no effect. */
  readonly flat?: true;
  /** How many tables of a run, and how many pieces of a table, are in work at once; default 2 and 2. */
  readonly parallel?: { tables: number; pieces: number };
  /** A piece is a stream of bytes or rows that one thread of DuckDB reads; others read other pieces. */
  readonly streams?: true;
  /** One cheap probe that proves credentials and rights; throws a coded error when it fails. */
  check(context: SourceContext<Settings>): Promise<CheckReport>;
  /** The tables the source offers. */
  discover(context: SourceContext<Settings>): Promise<DiscoveredTable[]>;
  /** Settles at registration what must not be guessed in a scheduled run; the returned options are stored and shown. Throws when the request cannot work. */
  settle?(context: SourceContext<Settings>, table: TableRequest): Promise<SettledTable>;
  /** A DuckDB extension that reads faster what `read` brings anyway, used when an operator supplied it; `wanted` says whether a source would take it. */
  readonly accelerator?: { extension: string; wanted(settings: Settings): boolean };
  /** attach: SQL that attaches the source to a DuckDB session. The runner reads relations of it. */
  readonly attach?: AttachWay<Settings>;
  /** read: one consistent look at the source for all tables of a run. */
  readonly read?: (context: RunContext<Settings>) => Promise<ReadSession>;
  /** receive: events pushed by the source. */
  readonly receive?: ReceiveWay<Settings>;
  /** Ends at the source what a run left running whose process was killed; asked in a fresh process, with what that run remembered. */
  tidy?(context: SourceContext<Settings>): Promise<void>;
}

/** Typed identity, so that `settings` flows into the functions of the record. */
export function defineConnector<Settings>(connector: Connector<Settings>): Connector<Settings> {
  return connector;
}

/** What the runner may ask of a connector beyond a full read. */
export interface Serves {
  /** Rows at or above a cursor value. */
  cursor: boolean;
  /** Rows of given partitions only. */
  partitions: boolean;
  /** Predicates of `options.where`, evaluated by the source. */
  where: boolean;
  /** A subset of columns. */
  columns: boolean;
  /** Its own change feed, without a cursor column. */
  changes: boolean;
  /** Every look shows the whole table in pieces that say whether they changed, in an order that stays: files. Nothing is read from a watermark on. */
  pieces?: true;
  /** `query_mode: remote`. */
  remote: boolean;
}

export interface SourceContext<Settings> {
  source: string;
  settings: Settings;
  /** Value of an environment variable the operator named in the settings; throws a coded error when it is not set. */
  secret(variable: string): string;
  /** Addresses of private or test services that the environment names, by variable, e.g. `AWS_ENDPOINT_URL_S3`. */
  endpoints?: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  /** What the connector keeps of the source beside any table; an extraction always brings it. */
  memory?: SourceMemory;
}

/** One small JSON value for each source, kept whatever becomes of a run: budgets that were spent, work that was begun. */
export interface SourceMemory {
  /** What was written last, or null. */
  read(): Promise<unknown>;
  /** Puts what `next` makes of the last value in its place; no other process comes between. Resolves when it will survive a power cut. */
  change(next: (last: unknown) => unknown): Promise<void>;
}

export interface RunContext<Settings> extends SourceContext<Settings> {
  /** A private folder on the data disk for intermediate files; gone after the run. */
  scratch: string;
  /** Folders with DuckDB extensions the operator supplied. */
  extensionDirectories: readonly string[];
  /** A session of the run's own DuckDB, with its limits set; each call gives a fresh one, closed by the runner after the run. */
  session(): Promise<Session>;
  /** What `TablePlan.remember` said of the tables that are published of this source. */
  remembered: readonly unknown[];
  /** Says something worth showing in the job's log. */
  note(message: string): void;
}

export interface CheckReport {
  /** One line for people: what answered, e.g. `PostgreSQL 18.4, database crm, read-only role analyst`. */
  summary: string;
  /** Facts by name, e.g. `{version: '18.4'}`. */
  facts: Record<string, string | number | boolean | null>;
  warnings: string[];
}

export interface DiscoveredTable {
  bucket: string | null;
  source_table: string;
  /** Proposed table id, fitting the grammar, or null when none can be derived. */
  name: string | null;
  description: string | null;
  kind: string;
  columns: { name: string; source_type: string; type: string | null; nullable: boolean }[] | null;
  primary_key: string[];
  rows: number | null;
  size_bytes: number | null;
  /** What else is worth knowing before it is registered, by name, e.g. `{partitioned_by: 'day of created_at'}`. */
  facts?: Record<string, string | number | boolean | null>;
}

/** A registered table as the connector sees it. */
export interface TableRequest {
  id: string;
  bucket: string | null;
  source_table: string;
  primary_key: string[];
  sync_strategy: 'full_refresh' | 'incremental' | 'partitioned';
  query_mode: 'local' | 'remote';
  description: string | null;
  /** Shared options, and the connector's own ones, validated. */
  options: TableOptions & Record<string, unknown>;
}

/** What registration fixes and shows. */
export interface SettledTable {
  options: Record<string, unknown>;
  columns: Column[] | null;
  /** Every column of the source, chosen or not; absent: `columns` is all that is known. */
  offered?: { name: string; nullable: boolean; type?: string | null }[];
  primary_key?: string[];
  notes: string[];
}

/** One consistent look at a source. */
export interface ReadSession {
  /** Says how to read the table now. Cheap: it moves no rows. */
  plan(table: TableRequest, request: PlanRequest): Promise<TablePlan>;
  /** Exact number of rows the table (with its `where`) has in this look; null or absent when that is not known cheaply. */
  count?(table: TableRequest): Promise<number | null>;
  /** The partitions of a table with a value each that changes with their content; null or absent when the source cannot tell. */
  partitions?(table: TableRequest): Promise<{ value: string | null; fingerprint: string }[] | null>;
  close(): Promise<void>;
}

export interface PlanRequest {
  /** Which rows the strategy needs; `{kind: 'all'}` for a full read. */
  range: ReadRange;
  /** `fingerprint` of the table's last published content, if any. */
  previousFingerprint: string | null;
  /** The columns of the last published content, if any. */
  previousColumns: Column[] | null;
  /** What `TablePlan.remember` said at the last publish, if anything. */
  remembered: unknown;
  /** Somebody asked for everything: what the source holds now is the table, however much is gone. */
  full?: boolean;
  /** Nothing will be read: what a read would bring is wanted, as far as the source can tell. */
  estimate?: true;
}

export type TablePlan =
  /** Nothing changed since `previousFingerprint`. */
  | { kind: 'unchanged'; reason: string }
  /** Nothing is wrong; the source is not ready, old data stays and the next run tries again. */
  | { kind: 'postponed'; reason: string }
  | RemotePlan
  | ReadPlan;

/** For `query_mode: remote`: nothing is brought; the catalogue says what is there and how a session attaches it. */
export interface RemotePlan {
  kind: 'remote';
  columns: Column[];
  attach: RemoteAttach;
  warnings?: string[];
}

export interface ReadPlan {
  kind: 'read';
  columns: ColumnPlan[];
  /** Each piece becomes one or more parts of its own. Together they are the requested rows, each row in one piece. */
  pieces: Piece[];
  /** A value that stays equal as long as the content does; absent when the source cannot tell. */
  fingerprint?: string;
  /** Rows the source says the pieces hold together, where it knows exactly. */
  rows?: number;
  /** What the read will bring and cost, as far as the source can tell; shown by a plan that moves nothing. */
  estimate?: { rows: number | null; bytes: number | null; notes?: string[] };
  /** Estimated bytes of one row as text; wide rows get smaller row groups. */
  rowBytes?: number;
  /** `key`: sort each piece by the primary key. `source`: the pieces arrive in an order that the same rows always have. */
  order: 'key' | 'source';
  /** The source vouches that the primary key is unique; otherwise the sort needs every column to be reproducible. */
  uniqueKey?: boolean;
  /** How many rejected rows the table may have, kept pieces included; more fail the table with `too_many_rejects`. Absent: none. */
  rejectLimits?: { rows: number | null; ratio: number | null };
  /** The source's own watermark of this read, exact text; the next `changes` range starts there. */
  watermark?: string;
  /** JSON to hand back in the next `PlanRequest`. */
  remember?: unknown;
  warnings?: string[];
}

/** One column on its way: how it arrives and what it becomes. Data, golden-tested, shown to people. */
export interface ColumnPlan {
  /** Name in the published table. */
  name: string;
  /** The source's own type name. */
  sourceType: string;
  /** Name of the raw column in the piece's relation. */
  wire: string;
  /** SQL that turns the raw column into the published value; `$` stands for the quoted raw column. Absent: `CAST($ AS type)`. */
  expression?: string;
  /** Published DuckDB type. */
  type: string;
  /** SQL predicate on `$` that is true where the text cannot be kept in `type`; absent when that cannot happen. */
  lossy?: string;
  /** What the column becomes when `lossy` strikes; absent: text. */
  wider?: Pick<ColumnPlan, 'type' | 'expression' | 'lossy' | 'wider'>;
}

/** A portion of a table with a name that stays: a page range, a file, a slice. */
export interface Piece {
  id: string;
  /** Equal to the last one's: its parts are kept unread. */
  fingerprint?: string;
  /** When the piece fails, its last parts and fingerprint stay (none when it is new) and the table gets a warning instead of failing. */
  mayFail?: boolean;
  /** What reading it would bring, for a plan that moves nothing. */
  estimate?: () => Promise<{ rows: number | null; bytes: number | null }>;
  open(way: PieceWay): Promise<OpenPiece>;
}

/** What the runner lends a piece while it is read. */
export interface PieceWay {
  /** The session that scans the relation. */
  session: Session;
  scratch: string;
  signal: AbortSignal;
  /** A named pipe that DuckDB can read as a file: its path for the relation, and where to write the bytes. */
  pipe(): Promise<Pipe>;
  /** Reports bytes brought, for progress. */
  progress(bytes: number): void;
}

export interface Pipe {
  path: string;
  /** Writes and resolves when the pipe can take more. */
  write(chunk: Buffer): Promise<void>;
  /** The reader sees the end. */
  end(): Promise<void>;
}

export interface OpenPiece {
  /** SQL of the relation with the raw columns, e.g. `read_csv('/…/pipe', …)`. */
  relation: string;
  /** Rows of the relation, where the source knows exactly; another number written counts as a failed scan. */
  rows?: number;
  /** Brings the bytes while the relation is scanned; resolves with the rows the source says it sent, or null when it does not say. */
  feed?: () => Promise<{ rows: number | null }>;
  /** Called after the scan when it failed (`failure`) or passed (null): another, more careful way to read the same rows, or null to let the outcome stand. What the scan wrote is dropped when it answers one. */
  recover?: (failure: unknown) => Promise<OpenPiece | null>;
  /** Called after the scan: the rows that could not be taken, one entry for each row. They count as sent. */
  rejects?: () => Promise<Reject[]>;
  /** Releases what `open` took, also after a failure. */
  close?: () => Promise<void>;
}

/** One row that was not loaded. */
export interface Reject {
  file: string | null;
  line: number | null;
  column: string | null;
  reason: string;
  raw: string;
}

/** SQL by which a DuckDB session sees the source. */
export interface AttachWay<Settings> {
  /** Extension that must be loadable; absent for what DuckDB has built in. */
  extension?: string;
  /** Statements that attach the source READ_ONLY as `alias`. */
  statements(context: SourceContext<Settings>, alias: string): string[];
  /** The relation of a table. */
  relation(table: TableRequest, alias: string): string;
  /** SQL to replace a column whose type DuckDB would not keep in Parquet; `$` stands for the quoted column. */
  retype?(column: Column): { expression: string; type: string } | null;
  /** Taken before the read: a value that stays equal as long as nothing in the source changed; null when it cannot tell. */
  fingerprint?(context: SourceContext<Settings>, table: TableRequest): Promise<string | null>;
  /** What DuckDB's error means here: locked, missing, unreachable. */
  explain?(context: SourceContext<Settings>, thrown: unknown): AttacheError;
}
