/** The catalogue: projects, datasets and tables, with the DuckDB that holds their rows. */
import type { Field } from '../model/field-types.ts';
import { ident } from '../model/quote.ts';
import { duckType } from '../model/storage-types.ts';
import { notFound } from '../rest/service-error.ts';
import type { Clock } from './clock.ts';
import type { Duck } from './duck.ts';
import { physicalName, type Table } from './table.ts';
import { measureTables, type TableSizes } from './table-sizes.ts';

export interface Dataset {
  project: string;
  id: string;
  location: string;
  createdMs: number;
  labels: Record<string, string>;
  description?: string;
  /** The hidden dataset of a project's anonymous results. */
  anonymous: boolean;
  tables: Map<string, Table>;
}

export interface Warehouse {
  duck: Duck;
  clock: Clock;
  sizes: TableSizes;
  datasets: Map<string, Dataset>;
}

export type TableDefinition = Omit<Table, 'createdStamp' | 'changes' | 'definitionStamp'>;

export function openWarehouse(duck: Duck, clock: Clock): Warehouse {
  return { duck, clock, sizes: measureTables(duck), datasets: new Map() };
}

export function addDataset(warehouse: Warehouse, dataset: Omit<Dataset, 'createdMs' | 'tables'>): Dataset {
  const added = { ...dataset, createdMs: warehouse.clock.nowMs(), tables: new Map<string, Table>() };
  warehouse.datasets.set(`${dataset.project}.${dataset.id}`, added);
  return added;
}

export function datasetOf(warehouse: Warehouse, project: string, id: string): Dataset {
  const dataset = warehouse.datasets.get(`${project}.${id}`);
  if (!dataset) throw notFound(`Dataset ${project}:${id}`);
  return dataset;
}

export function tableOf(warehouse: Warehouse, project: string, dataset: string, id: string): Table {
  const table = datasetOf(warehouse, project, dataset).tables.get(id);
  if (!table) throw notFound(`Table ${project}:${dataset}.${id}`);
  return table;
}

/** Adds the table to the catalogue and, unless it is a view, makes room for its rows. */
export async function addTable(warehouse: Warehouse, definition: TableDefinition): Promise<Table> {
  const dataset = datasetOf(warehouse, definition.project, definition.dataset);
  const stamp = await warehouse.clock.nextStamp();
  const table: Table = { ...definition, createdStamp: stamp, changes: [], definitionStamp: stamp };
  if (table.kind !== 'VIEW')
    await warehouse.duck.run(`CREATE OR REPLACE TABLE ${physicalName(table)} (${columns(table.fields)})`);
  dataset.tables.set(table.id, table);
  return table;
}

export async function dropTable(warehouse: Warehouse, table: Table): Promise<void> {
  datasetOf(warehouse, table.project, table.dataset).tables.delete(table.id);
  if (table.kind !== 'VIEW') await warehouse.duck.run(`DROP TABLE IF EXISTS ${physicalName(table)}`);
}

function columns(fields: Field[]): string {
  const declared = fields.map((f) => `${ident(f.name)} ${duckType(f.type)}`);
  return [...declared, '__from BIGINT', '__to BIGINT', '__part VARCHAR'].join(', ');
}
