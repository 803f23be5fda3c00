/** What a strategy answers: the parts that are the table now, and what to remember of them. Types only. */
import type { ColumnPlan, ReadPlan, TablePlan } from '../connectors/read-way.ts';
import type { Part } from '../contract/shapes.ts';
import type { PieceState, TableState } from './table-state.ts';

/** New content, or a plan that brings none. */
export type StrategyAnswer = { kind: 'loaded'; loaded: Loaded } | Exclude<TablePlan, ReadPlan>;

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
  /** The pieces whose rows were merged, where the source shows all of them in every run. */
  merged?: TableState['merged'];
  rejected: number;
  /** The run that wrote the rejected rows, if any. */
  rejectsRun: string | null;
  warnings: string[];
}
