/**
 * What a connector is: one record that says how to configure, probe and list a source, and one or more ways to bring its data.
 *
 * A connector describes bytes; the runner moves them. A connector never opens an extract, chooses a published path, touches `_meta`, reads the environment, schedules,
 * retries a table or swallows an error.
 */
import type { z } from 'zod';
import type { Column } from '../contract/shapes.ts';
import type { AttachWay } from './attach-way.ts';
import type { ReadSession, RunContext } from './read-way.ts';
import type { ReceiveWay } from './receive-way.ts';
import type { SourceContext } from './source-context.ts';
import type { TableRequest } from './table-request.ts';

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
  /** The schema that is meant where a table names none, if the type has one. */
  readonly defaultBucket?: string;
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

/** What registration fixes and shows. */
export interface SettledTable {
  options: Record<string, unknown>;
  columns: Column[] | null;
  /** Every column of the source, chosen or not; absent: `columns` is all that is known. */
  offered?: { name: string; nullable: boolean; type?: string | null }[];
  primary_key?: string[];
  notes: string[];
}
