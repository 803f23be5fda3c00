/** What a rebuild is told, what it reports, and the catalogue everybody downstream reads. Types only. */
import type { FindingCode } from '../contract/findings.ts';
import type { Column, QueryMode } from '../contract/shapes.ts';

export interface OrchestratorOptions {
  /** Absolute. */
  dataDirectory: string;
  duckdb: { memoryLimit: string; threads: number };
  limits: {
    /** Of the child that reads an extract somebody else wrote. */
    extractMemoryBytes: number;
    extractTimeMs: number;
    /** Milliseconds a part lives after nothing names it any more. */
    graceMs: number;
  };
  /** Milliseconds the draft of the master stays open after a change, for the next one; 0, the default, closes it at once. */
  draftMs?: number;
  /** Milliseconds since the epoch; default the clock. */
  now?: () => number;
  /** Ends looks at extracts somebody else wrote. */
  signal?: AbortSignal;
}

export interface RebuildRequest {
  /** The registry: it decides who owns the flat name of a table. */
  registered?: ReadonlyMap<string, string>;
  /** Owners of other flat names as an earlier rebuild reported them. */
  owned?: ReadonlyMap<string, string>;
  /** Looks at everything anew, whatever has changed. */
  full?: boolean;
}

type ProblemCode =
  | FindingCode
  | 'name_taken'
  | 'source_missing'
  | 'source_shadowed'
  | 'changed_while_read'
  | 'extract_unreadable'
  | 'adoption_failed'
  | 'view_failed';

export interface Problem {
  source: string;
  table: string | null;
  code: ProblemCode;
  message: string;
}

export interface RebuildReport {
  /** Tables that serve what their extract offers now. */
  live: { source: string; table: string; rows: number | null }[];
  /** What serves older data, or cannot serve any, and why. */
  stale: { source: string; table: string | null; reason: string }[];
  problems: Problem[];
  /** By flat name, the source that owns it. */
  claims: Map<string, string>;
  generation: number;
  /** Whether anything that is served differs from before. */
  changed: boolean;
  /** Extracts of others that are still being looked at; a later rebuild takes them in. */
  looking: string[];
}

export interface CataloguePart {
  sha256: string;
  size_bytes: number;
  rows: number;
  /** Absolute. */
  file: string;
}

export interface CatalogueTable {
  id: string;
  source: string;
  description: string | null;
  /** `sha256:…` over the parts. */
  hash: string;
  /** When the content was extracted, ISO 8601 in UTC. */
  updated: string | null;
  rows: number | null;
  size_bytes: number | null;
  query_mode: QueryMode;
  columns: Column[];
  parts: CataloguePart[];
  /** Why older data is served, or null. */
  stale: string | null;
  schema_changes: string[];
}

export interface Catalogue {
  generation: number;
  /** By flat name: what that name means everywhere. */
  tables: ReadonlyMap<string, CatalogueTable>;
  /** Every table by its source, those that lost the flat name among them. */
  sources: ReadonlyMap<string, ReadonlyMap<string, CatalogueTable>>;
}
