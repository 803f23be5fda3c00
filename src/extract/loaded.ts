/** What a strategy brought: the parts that are the table now, and what to remember of them. Types only. */
import type { ColumnPlan } from '../connectors/connector.ts';
import type { Part } from '../contract/shapes.ts';
import type { PieceState } from './table-state.ts';

export interface Loaded {
  columns: readonly ColumnPlan[];
  /** In the order in which they are read. */
  parts: Part[];
  pieces: PieceState[];
  rowGroupRows: number;
  fingerprint: string | null;
  remembered: unknown;
  watermark: string | null;
  /** ISO 8601; null when everything has never been read. */
  lastFullAt: string | null;
  rejected: number;
  /** The run that wrote the rejected rows, if any. */
  rejectsRun: string | null;
  warnings: string[];
}
