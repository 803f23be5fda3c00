/** The shapes of the contract: what a table, a part and a column are to everyone downstream. Types only. */

/** One immutable Parquet file of a table. */
export interface Part {
  /** Relative to the extract's folder, with forward slashes. */
  path: string;
  rows: number;
  size_bytes: number;
  /** Lower-case hex of the file's content. */
  sha256: string;
}

export interface Column {
  name: string;
  /** DuckDB type name as it stands in the Parquet file, e.g. `DECIMAL(18,2)`. */
  type: string;
}

export type QueryMode = 'local' | 'remote';

/** One row of `_meta`. */
export interface MetaRow {
  table_name: string;
  description: string | null;
  rows: number | null;
  size_bytes: number | null;
  /** ISO 8601 in UTC with microseconds, e.g. `2026-01-31T12:00:00.000000Z`. */
  extracted_at: string | null;
  query_mode: QueryMode;
}

/** One row of `_remote_attach`: how a remote row's catalog is attached. The token stays in the environment variable `token_env` names. */
export interface RemoteAttach {
  alias: string;
  extension: string;
  url: string;
  token_env: string;
}

/** What a publisher of ours remembers of a table beside the contract, committed by the same rename as its rows. */
export interface TableRecord {
  columns: Column[];
  /** Opaque to the contract: pieces, layout, watermark. Its shape belongs to `extract`. */
  state: unknown;
  /** The publish that made the present content live. */
  generation: number;
  /** What changed in the columns against the content before, as sentences for people. */
  schema_changes: string[];
}

/** A table of an extract as published. `parts` is empty for a remote table, and for a local table that nobody has turned into parts yet. */
export interface ExtractTable {
  meta: MetaRow;
  parts: Part[];
  record: TableRecord | null;
}

/** All that an `extract.duckdb` of ours says. */
export interface ExtractCatalogue {
  generation: number;
  tables: Map<string, ExtractTable>;
  remoteAttach: RemoteAttach[];
}
