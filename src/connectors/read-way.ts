/** The second way of a connector: one consistent look at the source, plans of its tables, and pieces that DuckDB scans. */
import type { Column, RemoteAttach } from '../contract/shapes.ts';
import type { Session } from '../duckdb/session.ts';
import type { SourceContext } from './source-context.ts';
import type { ReadRange } from './table-options.ts';
import type { TableRequest } from './table-request.ts';

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
