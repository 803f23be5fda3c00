/** The nouns of the service: projects, branches, buckets, tables, columns, metadata, tokens. */
export type Backend = 'snowflake' | 'bigquery';
export type FileProvider = 'aws' | 'gcp' | 'azure';

export interface Metadata {
  id: string;
  key: string;
  value: string;
  provider: string;
  timestamp: string;
}

export interface Column {
  name: string;
  /** Position in the physical table: `c<slot>`, so names may be anything and columns may go. */
  slot: number;
  definition?: { type: string; nullable: boolean; length?: string | number; default?: string };
  basetype?: string;
  canBeFiltered: boolean;
  metadata: Metadata[];
}

export interface Table {
  id: string;
  name: string;
  displayName: string;
  bucket: Bucket;
  columns: Column[];
  primaryKey: string[];
  metadata: Metadata[];
  isTyped: boolean;
  tableType: string;
  timestampType: 'MANAGED' | 'NONE';
  createdMs: number;
  lastImportMs: number | undefined;
  lastChangeMs: number | undefined;
  rowsCount: number;
  /** Physical table in the double's DuckDB. */
  physical: string;
  nextSlot: number;
  /** Grows with every change of data or shape; part of the export cache key. */
  version: number;
  alias?: { source: Table; columns?: string[]; filter?: { column: string; operator: string; values: string[] } };
  /** Fields the test wants the detail to say, whatever is true. */
  override: Record<string, unknown>;
}

export interface Bucket {
  id: string;
  name: string;
  displayName: string;
  stage: 'in' | 'out' | 'sys';
  description: string;
  backend: Backend;
  project: Project;
  createdMs: number;
  lastChangeMs: number | undefined;
  metadata: Metadata[];
  tables: Map<string, Table>;
  linked?: Bucket;
  isMaintenance: boolean;
}

export interface Branch {
  id: number;
  name: string;
  isDefault: boolean;
  createdMs: number;
  buckets: Map<string, Bucket>;
}

export interface Project {
  id: number;
  name: string;
  branches: Branch[];
}

export interface Token {
  id: string;
  value: string;
  description: string;
  project: Project;
  isMaster: boolean;
  expiresMs?: number;
  isDisabled: boolean;
  bucketPermissions: Record<string, 'read' | 'write' | 'manage'>;
}

/** A table as callers see it: an alias or a linked table leads to the data of its source. */
export function sourceOf(table: Table): Table {
  return table.alias ? sourceOf(table.alias.source) : table;
}

export function visibleColumns(table: Table): Column[] {
  if (!table.alias) return table.columns;
  const { source, columns } = table.alias;
  const available = visibleColumns(source);
  return columns ? available.filter((column) => columns.includes(column.name)) : available;
}

export function defaultBranch(project: Project): Branch {
  return project.branches.find((branch) => branch.isDefault)!;
}
