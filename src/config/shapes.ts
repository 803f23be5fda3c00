/** The configuration as every other part sees it: one value, validated, with defaults filled in. Types only. */

/** A configured source; `settings` fit its connector's schema. */
export interface SourceConfig {
  name: string;
  type: string;
  settings: Record<string, unknown>;
  /** As written in `schedule:`, or null for the instance's interval. */
  schedule: string | null;
}

export interface DuckdbConfig {
  /** Of one extraction's DuckDB, e.g. `400MB`. */
  memoryLimit: string;
  threads: number;
  extensionDirectories: string[];
}

export interface LimitsConfig {
  /** Bytes of memory at which an extraction's process group is killed. */
  extractMemoryBytes: number;
  /** Milliseconds after which an extraction's process group is killed. */
  extractTimeMs: number;
  /** Milliseconds a part lives after nothing names it any more. */
  graceMs: number;
}

export interface InstanceConfig {
  instance: { name: string };
  /** Absolute path of DATA_DIR. */
  dataDirectory: string;
  server: { host: string; port: number; publicUrl: string | null };
  sources: ReadonlyMap<string, SourceConfig>;
  duckdb: DuckdbConfig;
  /** `intervalMs` null: the scheduler is off. */
  scheduler: { intervalMs: number | null };
  limits: LimitsConfig;
  /** `DA_ADMIN_TOKEN`, when set. */
  adminToken: string | null;
  /** By dotted path: where the value came from, e.g. `file instance.yaml:4`, `environment DA_PORT`, `flag --port`, `default`. */
  origins: ReadonlyMap<string, string>;
}
