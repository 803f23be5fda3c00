/** What goes between the server and the process that applies a pushed source: plain data. Types only. */
import type { DuckdbConfig, LimitsConfig, SourceConfig } from '../config/shapes.ts';
import type { PollReport } from '../connectors/receive-way.ts';
import type { ErrorRecord } from '../errors/attache-error.ts';
import type { Lane } from './receive-folder.ts';

/** What the process is started with. */
export interface ReceiveTask {
  /** Absolute. */
  dataDirectory: string;
  source: SourceConfig;
  /** Values of the environment variables the source's settings name. */
  secrets: Record<string, string>;
  duckdb: DuckdbConfig;
  limits: LimitsConfig;
}

export type OrderKind = 'reconcile' | 'backfill' | 'find-deleted' | 'replay' | 'flush';

/** What an operator asks of the running process. */
export interface ReceiveOrder {
  id: number;
  kind: OrderKind;
  /** `find-deleted`: passes the safety limit. */
  force?: boolean;
}

export interface ReplayReport {
  /** Whether every table holds the same rows as before. */
  equal: boolean;
  tables: { table: string; rows: number; before: string; after: string }[];
}

export type OrderAnswer = PollReport | ReplayReport | { generation: number };

export type ReceiveEvent =
  | { kind: 'published'; generation: number; tables: string[]; visible: number }
  | { kind: 'status'; status: ApplierStatus }
  | { kind: 'note'; message: string }
  | { kind: 'answer'; id: number; value: OrderAnswer }
  | { kind: 'refused'; id: number; error: ErrorRecord };

/** How far the process is. Times are ISO 8601 in UTC. */
export interface ApplierStatus {
  applied: Record<Lane, number>;
  /** Sequences up to which everything is published. */
  visible: Record<Lane, number>;
  /** Bytes of the inbox that were not applied yet. */
  waiting_bytes: number;
  /** Events that wait to be applied, as far as they were looked at. */
  backlog: boolean;
  /** Age in milliseconds of the oldest event that is not visible yet; 0 when everything is. */
  lag_ms: number;
  /** How long the last published batch took from the arrival of its oldest event to being visible. */
  last_visible_ms: number | null;
  generation: number;
  published_at: string | null;
  events_applied: number;
  bytes_written: number;
  bytes_received: number;
  quarantined: number;
  misfits: number;
  last_reconcile: string | null;
  /** Sentences about damage found since the start. */
  damage: string[];
}
