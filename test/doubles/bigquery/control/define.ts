/** What a test writes to make datasets, tables and views. */
import { type InsertOptions, insertRows, insertSelect, type Row } from '../data/change-rows.ts';
import type { RangePartitioning, Table, TableKind, TimePartitioning } from '../data/table.ts';
import { addDataset, addTable, type Dataset, tableOf } from '../data/warehouse.ts';
import { analyze } from '../jobs/analyze.ts';
import { type RestField, readField } from '../model/field-types.ts';
import type { Service } from '../service.ts';

export interface DatasetSpec {
  project: string;
  dataset: string;
  location?: string;
  labels?: Record<string, string>;
  description?: string;
}

export interface TableSpec {
  project: string;
  dataset: string;
  table: string;
  type?: TableKind;
  /** As in REST; views take theirs from their query. */
  schema?: RestField[];
  /** GoogleSQL of views and materialised views. */
  query?: string;
  rows?: Row[];
  /** Instead of rows: a DuckDB SELECT with the table's columns in order. */
  fromDuck?: string;
  timePartitioning?: TimePartitioning;
  rangePartitioning?: RangePartitioning;
  requirePartitionFilter?: boolean;
  /** Of external tables: the columns of the schema that come from the files' paths (`key=value/`), outermost first. */
  hiveKeys?: string[];
  clustering?: string[];
  description?: string;
  labels?: Record<string, string>;
  expirationMs?: number;
}

export function defineDataset(service: Service, spec: DatasetSpec): Dataset {
  return addDataset(service.warehouse, {
    project: spec.project,
    id: spec.dataset,
    location: spec.location ?? 'US',
    labels: spec.labels ?? {},
    anonymous: false,
    ...(spec.description ? { description: spec.description } : {}),
  });
}

export async function defineTable(service: Service, spec: TableSpec, options?: InsertOptions): Promise<Table> {
  const kind = spec.type ?? (spec.query && !spec.schema ? 'VIEW' : 'TABLE');
  const analysis = spec.query ? await analyze(service, { query: spec.query, project: spec.project }) : undefined;
  const table = await addTable(service.warehouse, {
    project: spec.project,
    dataset: spec.dataset,
    id: spec.table,
    kind,
    fields: analysis?.compiled.fields ?? (spec.schema ?? []).map(readField),
    requirePartitionFilter: spec.requirePartitionFilter ?? false,
    clustering: spec.clustering ?? [],
    labels: spec.labels ?? {},
    anonymous: false,
    ...(spec.query ? { query: spec.query } : {}),
    ...(spec.timePartitioning ? { timePartitioning: spec.timePartitioning } : {}),
    ...(spec.rangePartitioning ? { rangePartitioning: spec.rangePartitioning } : {}),
    ...(spec.hiveKeys ? { hiveKeys: spec.hiveKeys } : {}),
    ...(spec.description ? { description: spec.description } : {}),
    ...(spec.expirationMs ? { expirationMs: spec.expirationMs } : {}),
  });
  if (kind === 'MATERIALIZED_VIEW') await insertSelect(service.warehouse, table, analysis!.compiled.sql);
  if (spec.rows) await insertRows(service.warehouse, table, spec.rows, options);
  if (spec.fromDuck) await insertSelect(service.warehouse, table, spec.fromDuck, options);
  return table;
}

/** The table of a path p.d.t. */
export function tableAt(service: Service, path: string): Table {
  const [project, dataset, table] = path.split('.') as [string, string, string];
  return tableOf(service.warehouse, project, dataset, table);
}
