/** What happens inside a project while the client is not looking: buckets, tables, imports, deletions. */

import type { Cell } from '../data/database.ts';
import { countRows, createPhysical, importRows, type RowSource, removeRows } from '../data/load-rows.ts';
import { identifier } from '../data/quote.ts';
import type { Service } from '../service.ts';
import {
  type Branch,
  type Bucket,
  defaultBranch,
  type Project,
  sourceOf,
  type Table,
  visibleColumns,
} from '../world.ts';
import { type ColumnSpec, type MetadataSpec, makeColumns, makeMetadata } from './specs.ts';

export interface BucketSpec {
  id: string;
  displayName?: string;
  description?: string;
  metadata?: MetadataSpec[];
  /** Bucket of another project (or this one) that this bucket is a window on. */
  linkedTo?: { project: ProjectControl; bucketId: string };
  branchId?: number;
}

export interface TableSpec {
  id: string;
  columns: (string | ColumnSpec)[];
  primaryKey?: string[];
  displayName?: string;
  metadata?: MetadataSpec[];
  timestampType?: 'MANAGED' | 'NONE';
  isExternal?: boolean;
  rows?: RowSource;
  branchId?: number;
}

export interface AliasSpec {
  id: string;
  source: string;
  columns?: string[];
  filter?: { column: string; operator: string; values: string[] };
  metadata?: MetadataSpec[];
}

export interface LoadOptions {
  incremental?: boolean;
  keepNulls?: boolean;
  /** Unix seconds the import writes into `_timestamp` (imports that take it from the file). */
  stamp?: number;
}

export class ProjectControl {
  readonly #service: Service;
  readonly project: Project;

  constructor(service: Service, project: Project) {
    this.#service = service;
    this.project = project;
  }

  createBranch(id: number, name: string): void {
    this.project.branches.push({
      id,
      name,
      isDefault: false,
      createdMs: this.#service.clock.now(),
      buckets: new Map(),
    });
  }

  createBucket(spec: BucketSpec): void {
    const [stage, name] = [spec.id.slice(0, spec.id.indexOf('.')), spec.id.slice(spec.id.indexOf('.') + 1)];
    this.#branch(spec.branchId).buckets.set(spec.id, {
      id: spec.id,
      name,
      displayName: spec.displayName ?? name.replace(/^c-/, ''),
      stage: stage as Bucket['stage'],
      description: spec.description ?? '',
      backend: this.#service.settings.backend,
      project: this.project,
      createdMs: this.#service.clock.now(),
      lastChangeMs: undefined,
      metadata: makeMetadata(this.#service, spec.metadata ?? []),
      tables: new Map(),
      linked: spec.linkedTo?.project.bucket(spec.linkedTo.bucketId),
      isMaintenance: false,
    });
  }

  /** Creates the table (and its bucket, when missing) and loads `rows` if given. */
  async createTable(spec: TableSpec): Promise<void> {
    const [stage, bucketName, ...rest] = spec.id.split('.');
    const bucketId = `${stage}.${bucketName}`;
    const branch = this.#branch(spec.branchId);
    if (!branch.buckets.has(bucketId)) this.createBucket({ id: bucketId, branchId: spec.branchId });
    const bucket = branch.buckets.get(bucketId)!;
    const columns = makeColumns(this.#service, spec.columns);
    const table: Table = {
      id: spec.id,
      name: rest.join('.'),
      displayName: spec.displayName ?? rest.join('.'),
      bucket,
      columns,
      primaryKey: spec.primaryKey ?? [],
      metadata: makeMetadata(this.#service, spec.metadata ?? []),
      isTyped: columns.some(({ definition }) => definition !== undefined),
      tableType: spec.isExternal ? `${bucket.backend}-external-table` : 'table',
      timestampType: spec.isExternal ? 'NONE' : (spec.timestampType ?? 'MANAGED'),
      createdMs: this.#service.clock.now(),
      lastImportMs: undefined,
      lastChangeMs: undefined,
      rowsCount: 0,
      physical: `t${this.#service.nextId()}`,
      nextSlot: columns.length,
      version: 0,
      override: {},
    };
    await createPhysical(this.#service.database, table);
    bucket.tables.set(table.name, table);
    if (spec.rows) await this.load(spec.id, spec.rows, {}, spec.branchId);
  }

  createAlias(spec: AliasSpec): void {
    const [stage, bucketName, ...rest] = spec.id.split('.');
    const bucketId = `${stage}.${bucketName}`;
    if (!defaultBranch(this.project).buckets.has(bucketId)) this.createBucket({ id: bucketId });
    const source = this.table(spec.source);
    this.bucket(bucketId).tables.set(rest.join('.'), {
      ...source,
      id: spec.id,
      name: rest.join('.'),
      displayName: rest.join('.'),
      bucket: this.bucket(bucketId),
      metadata: makeMetadata(this.#service, spec.metadata ?? []),
      alias: { source, columns: spec.columns, filter: spec.filter },
      override: {},
    });
  }

  /** One import job: full by default, which re-stamps every row. */
  async load(tableId: string, rows: RowSource, options: LoadOptions = {}, branchId?: number): Promise<void> {
    const table = this.table(tableId, branchId);
    const { clock, settings, database } = this.#service;
    // An import stamps rows when it starts and dates the table when it ends; imports of a table never overlap.
    const started = clock.seconds() - settings.importSeconds;
    const stamp = options.stamp ?? Math.max(started, Math.floor((table.lastImportMs ?? 0) / 1000));
    const { incremental = false, keepNulls = false } = options;
    const changed = await importRows(database, table, { rows, incremental, stamp, keepNulls });
    table.lastImportMs = clock.now();
    if (changed) await this.#changed(table);
  }

  /** Deletes rows whose column holds one of the values: `lastChangeDate` moves, `lastImportDate` does not. */
  async deleteRows(tableId: string, column: string, values: string[]): Promise<void> {
    const table = this.table(tableId);
    if ((await removeRows(this.#service.database, table, column, values)) > 0) await this.#changed(table);
  }

  async addColumn(tableId: string, column: string | ColumnSpec): Promise<void> {
    const table = this.table(tableId);
    const [made] = makeColumns(this.#service, [column]);
    const added = { ...made!, slot: table.nextSlot };
    table.nextSlot += 1;
    await this.#service.database.write((connection) =>
      connection.run(
        `ALTER TABLE ${identifier(table.physical)} ADD COLUMN c${added.slot} VARCHAR${table.isTyped ? '' : " DEFAULT ''"}`,
      ),
    );
    table.columns = [...table.columns, added];
    await this.#changed(table);
  }

  async dropColumn(tableId: string, name: string): Promise<void> {
    const table = this.table(tableId);
    table.columns = table.columns.filter((column) => column.name !== name);
    table.primaryKey = table.primaryKey.filter((column) => column !== name);
    await this.#changed(table);
  }

  dropTable(tableId: string): void {
    const table = this.table(tableId);
    table.bucket.tables.delete(table.name);
  }

  dropBucket(bucketId: string): void {
    defaultBranch(this.project).buckets.delete(bucketId);
  }

  /** Makes list and detail say something else than the truth, e.g. `{ rowsCount: 7 }` or `{ lastImportDate: null }`. */
  pretend(tableId: string, fields: Record<string, unknown>): void {
    Object.assign(this.table(tableId).override, fields);
  }

  setMetadata(tableId: string, column: string | undefined, metadata: MetadataSpec[]): void {
    const table = this.table(tableId);
    const made = makeMetadata(this.#service, metadata);
    if (column === undefined) table.metadata = made;
    else table.columns.find(({ name }) => name === column)!.metadata = made;
  }

  /** The true rows, each cell as text, for the test to compare with. */
  async rows(tableId: string, columns?: string[]): Promise<Cell[][]> {
    const table = this.table(tableId);
    const visible = visibleColumns(table);
    const wanted = columns ? columns.map((name) => visible.find((column) => column.name === name)!) : visible;
    const cells = wanted.map(({ slot }) => `c${slot}::VARCHAR`);
    return this.#service.database.rows(`SELECT ${cells.join(', ')} FROM ${identifier(sourceOf(table).physical)}`);
  }

  bucket(bucketId: string): Bucket {
    const bucket = defaultBranch(this.project).buckets.get(bucketId);
    if (!bucket) throw new Error(`The double has no bucket ${bucketId} in project ${this.project.id}`);
    return bucket;
  }

  table(tableId: string, branchId?: number): Table {
    const [stage, bucketName, ...rest] = tableId.split('.');
    const table = this.#branch(branchId).buckets.get(`${stage}.${bucketName}`)?.tables.get(rest.join('.'));
    if (!table) throw new Error(`The double has no table ${tableId} in project ${this.project.id}`);
    return table;
  }

  #branch(branchId: number | undefined): Branch {
    if (branchId === undefined) return defaultBranch(this.project);
    return this.project.branches.find(({ id }) => id === branchId)!;
  }

  async #changed(table: Table): Promise<void> {
    table.version += 1;
    table.lastChangeMs = this.#service.clock.now();
    table.bucket.lastChangeMs = table.lastChangeMs;
    table.rowsCount = await countRows(this.#service.database, table);
  }
}
