/** The shapes of a workspace: what is held, what a sync does and what it reports. Types only. */
import type { Column, Part, QueryMode } from '../contract/shapes.ts';
import type { ErrorRecord } from '../errors/attache-error.ts';

/** A part as the manifest names it; its address and its local path follow from table and hash. */
export type ManifestPart = Omit<Part, 'path'>;

/** One table of the manifest, checked. */
export interface ManifestTable {
  id: string;
  hash: string;
  /** ISO 8601: when the server's copy was extracted. */
  updated: string | null;
  rows: number | null;
  size_bytes: number;
  query_mode: QueryMode;
  source: string | null;
  columns: Column[];
  parts: ManifestPart[];
}

export interface Manifest {
  tables: Map<string, ManifestTable>;
  /** Tables the manifest names in a way that cannot be trusted. */
  refused: Map<string, ErrorRecord>;
  generation: string | null;
}

/** A table whose parts are here, verified. */
export interface HeldTable extends ManifestTable {
  /** ISO 8601: when this content arrived here. */
  synced_at: string;
}

export interface TableFailure {
  table: string;
  code: ErrorRecord['code'];
  message: string;
  hint: string | null;
}

/** How a sync ended; the documented shape of `da sync --json`. */
export interface SyncReport {
  /** New or changed tables; `bytes` is what moved for each. */
  downloaded: { table: string; rows: number | null; bytes: number }[];
  unchanged: string[];
  /** No longer granted: gone from here. */
  removed: string[];
  /** Tables that keep what they had. */
  failed: TableFailure[];
  /** Bytes of parts that came over the network, those of failed tables included; with `dry_run` the bytes that would. */
  bytes: number;
  dry_run: boolean;
  /** What concerns the sync as a whole. */
  errors: ErrorRecord[];
  /** Tables that live on the server only. */
  remote: string[];
  /** Tables the server has no content of yet; what is here stays. */
  pending: string[];
}

/** What a running sync says while it works. */
export type SyncEvent =
  | {
      kind: 'planned';
      tables: number;
      changed: number;
      parts: number;
      bytes: number;
      reused_bytes: number;
      removed: number;
    }
  | { kind: 'table_bytes'; table: string; bytes: number; total: number }
  | { kind: 'table_done'; table: string }
  | { kind: 'table_failed'; table: string; message: string }
  | { kind: 'note'; message: string };

export interface SyncOptions {
  /** Only these tables; all when empty. */
  only?: readonly string[];
  dryRun?: boolean;
  /** Hashes every local part instead of trusting its size. */
  verify?: boolean;
  parallel?: number;
  signal?: AbortSignal;
  onEvent?: (event: SyncEvent) => void;
}
