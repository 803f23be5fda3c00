/** What goes into one extraction and what comes out of it: plain data, because it crosses a process border. Types only. */

import type { DuckdbConfig, LimitsConfig, SourceConfig } from '../config/shapes.ts';
import type { CheckReport, DiscoveredTable, SettledTable } from '../connectors/connector.ts';
import type { ReadRange } from '../connectors/table-options.ts';
import type { TableRequest } from '../connectors/table-request.ts';
import type { Column } from '../contract/shapes.ts';
import type { ErrorRecord } from '../errors/attache-error.ts';

/** One run over tables of one source. */
export interface ExtractRequest {
  /** Names the run: rejected rows lie in `.da/rejects/{runId}/{table}.ndjson` of the extract. */
  runId: string;
  /** Absolute. */
  dataDirectory: string;
  source: SourceConfig;
  tables: TableRequest[];
  /** Values of the environment variables the source's settings name. */
  secrets: Record<string, string>;
  duckdb: DuckdbConfig;
  limits: LimitsConfig;
  /** Reads everything, whatever the fingerprints say. */
  full?: boolean;
  /** Incremental tables read from this cursor value on, exact text, instead of from their watermark. */
  since?: string;
}

type TableStatus = 'succeeded' | 'unchanged' | 'postponed' | 'failed' | 'cancelled';

/** How one table of a run ended. */
export interface TableResult {
  id: string;
  status: TableStatus;
  /** Rows of the table that is live now; null when there is none. */
  rows: number | null;
  size_bytes: number | null;
  /** Rows left out of this load. */
  rejected: number;
  /** Sentences: what differs from the columns before. */
  schema_changes: string[];
  /** Things worth knowing that did not stop the table, the reason of `unchanged` and `postponed` among them. */
  warnings: string[];
  error: ErrorRecord | null;
  /** ISO 8601, UTC. */
  started_at: string;
  finished_at: string;
}

export interface ExtractReport {
  source: string;
  /** Generation that is live after the run. */
  generation: number;
  /** One for each requested table, in that order. */
  tables: TableResult[];
  notes: string[];
}

/** What a running extraction says while it works. */
export type ExtractEvent =
  | { kind: 'table_started'; table: string }
  /** `bytes` brought and `rows` written so far, as far as known. */
  | { kind: 'table_progress'; table: string; bytes: number; rows: number }
  | { kind: 'table_finished'; result: TableResult }
  | { kind: 'note'; message: string };

/** One question to a connector, answered in a child process like an extraction. */
export type ConnectorQuestion =
  | { kind: 'check' }
  | { kind: 'discover' }
  /** `table` as registered, before anything is frozen. */
  | { kind: 'settle'; table: TableRequest }
  /** What a sync of `table` would read now; moves nothing. */
  | { kind: 'plan'; table: TableRequest; full?: boolean; since?: string };

export type ConnectorAnswer<Q extends ConnectorQuestion> = {
  check: CheckReport;
  discover: DiscoveredTable[];
  settle: SettledTable;
  plan: PlannedSync;
}[Q['kind']];

/** What a sync of a table would do. */
export interface PlannedSync {
  id: string;
  sync_strategy: TableRequest['sync_strategy'];
  /** `full` reads everything, `changes` a range; `remote` brings nothing. */
  action: 'full' | 'changes' | 'unchanged' | 'postponed' | 'remote';
  /** Why it reads everything, or why nothing. */
  reason: string | null;
  range: ReadRange;
  /** What would be read, as far as the source can tell; null when it cannot. */
  rows: number | null;
  bytes: number | null;
  pieces: number;
  published_rows: number | null;
  published_bytes: number | null;
  /** The columns the table would have. */
  columns: Column[];
  schema_changes: string[];
  warnings: string[];
}
