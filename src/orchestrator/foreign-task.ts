/** What the child that reads a foreign extract is told, and what it says. Types only. */
import type { OrchestratorOptions } from './shapes.ts';

export interface ForeignTask {
  dataDirectory: string;
  source: string;
  duckdb: OrchestratorOptions['duckdb'];
  /** How long one table may take; it is left out then, and the next is read. */
  tableMs: number;
  /** Tables that ended an earlier child, with how. They are not read again. */
  broken: Record<string, string>;
}

/** Said before a table is read, so that the parent knows which one ended the child; null after the last. */
export interface ForeignEvent {
  table: string | null;
}
