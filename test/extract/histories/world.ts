/** A source with one table `t` that a history changes, and the extract that comes of it. Types only. */
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import type { TableResult } from '../../../src/extract/shapes.ts';

export interface World {
  /** Statements in the dialect that all worlds share. */
  run(...statements: string[]): Promise<void>;
  /** Writes the table anew without changing a row. */
  rewrite(): Promise<void>;
  /** Runs a statement in a transaction that begins now and commits when told. */
  begin(statement: string): Promise<void>;
  commit(): Promise<void>;
  sync(table: TableRequest, facts?: { full?: true; since?: string }): Promise<TableResult & { notes: string[] }>;
  /** A run in a process of its own that dies at the given point; answers whether it did. */
  crash(table: TableRequest, point: string): Promise<boolean>;
  /** All rows of the source and of the extract as sorted text, columns by name. */
  source(): Promise<string[]>;
  extract(): Promise<string[]>;
  remove(): Promise<void>;
}
