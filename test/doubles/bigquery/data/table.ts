/** A table, view or external table of the double, as its catalogue keeps it. */
import type { Field } from '../model/field-types.ts';
import { ident } from '../model/quote.ts';

export type TableKind = 'TABLE' | 'VIEW' | 'MATERIALIZED_VIEW' | 'EXTERNAL' | 'SNAPSHOT';

export interface TimePartitioning {
  type: 'HOUR' | 'DAY' | 'MONTH' | 'YEAR';
  /** Without a field the table is partitioned by the time its rows arrive. */
  field?: string;
}
export interface RangePartitioning {
  field: string;
  range: { start: number; end: number; interval: number };
}

export interface Table {
  project: string;
  dataset: string;
  id: string;
  kind: TableKind;
  fields: Field[];
  /** Of views: the GoogleSQL behind them. */
  query?: string;
  timePartitioning?: TimePartitioning;
  rangePartitioning?: RangePartitioning;
  requirePartitionFilter: boolean;
  /** Of external tables: the columns that are folders of the files' paths, outermost first. */
  hiveKeys?: string[];
  clustering: string[];
  description?: string;
  labels: Record<string, string>;
  expirationMs?: number;
  /** Anonymous results hide from listings, as in the service. */
  anonymous: boolean;
  createdStamp: number;
  /** The moments at which rows changed, oldest first. */
  changes: number[];
  /** Changes of the definition only; they move lastModifiedTime too. */
  definitionStamp: number;
}

/** The name of the table that holds the rows, hidden columns included. */
export function physicalName(table: Table): string {
  return ident(`${table.project}.${table.dataset}.${table.id}`);
}

export function tablePath(table: Table): string {
  return `${table.project}.${table.dataset}.${table.id}`;
}

export function lastChange(table: Table): number {
  return Math.max(table.createdStamp, table.definitionStamp, table.changes.at(-1) ?? 0);
}

/** The last data change at or before the moment: reads of the same version see the same rows. */
export function versionAt(table: Table, stamp: number): number {
  return table.changes.findLast((change) => change <= stamp) ?? table.createdStamp;
}

/** Rows carry the moments of their birth and death; this is the condition of being alive at one. */
export function aliveAt(version: number): string {
  return `__from <= ${version} AND (__to IS NULL OR __to > ${version})`;
}

export function findField(table: Table, name: string): Field | undefined {
  return table.fields.find((f) => f.name.toLowerCase() === name.toLowerCase());
}
