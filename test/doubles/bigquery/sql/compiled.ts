/** A GoogleSQL expression turned into DuckDB SQL, with its GoogleSQL type. */

import type { Table } from '../data/table.ts';
import type { Warehouse } from '../data/warehouse.ts';
import type { Field, FieldType } from '../model/field-types.ts';

export interface Compiled {
  sql: string;
  type: FieldType;
  /** Literals and parameters adapt to the type they meet. */
  adapts?: boolean;
  isNull?: boolean;
}

export interface Column {
  name: string;
  type: FieldType;
  sql: string;
  /** Pseudo-columns are not part of *. */
  hidden?: boolean;
  /** Called when a statement reads the column: reading is what costs. */
  read?: () => void;
}

export interface Relation {
  alias: string | null;
  columns: Column[];
  tableRead?: TableRead;
}

export interface Scope {
  relations: Relation[];
  outer?: Scope;
}

/** What one statement reads of one table. */
export interface TableRead {
  table: Table;
  version: number;
  columns: Set<string>;
  /** DuckDB condition over __low, __high and __part that a partition must meet to be read; null reads all. */
  prune: string | null;
  /** A condition could leave out folders of an external table; which ones, the double does not work out. */
  namesHiveKey?: boolean;
}

export interface Parameter {
  name?: string;
  value: Compiled;
}

/** What the compilation of one statement knows and collects. */
export interface Statement {
  warehouse: Warehouse;
  project: string;
  defaultDataset?: { project: string; dataset: string };
  parameters: Parameter[];
  identity: string;
  stamp: number;
  reads: TableRead[];
  /** INFORMATION_SCHEMA views that were read; each is billed by the minimum. */
  metadataReads: number;
  /** Datasets that were named; they decide where the job runs. */
  datasets: Set<string>;
  /** Refuses when the caller may not read the table. */
  authorize(table: Table): void;
  named: Map<string, CompiledQuery>;
  deterministic: boolean;
}

export interface CompiledQuery {
  sql: string;
  fields: Field[];
}
