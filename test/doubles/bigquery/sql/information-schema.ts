/** INFORMATION_SCHEMA.PARTITIONS, TABLES and COLUMNS of a dataset. Reading them is billed like any query, by the minimum. */
import { lastChange, type Table } from '../data/table.ts';
import type { Dataset } from '../data/warehouse.ts';
import { type Field, type ScalarKind, typeName } from '../model/field-types.ts';
import { ident } from '../model/quote.ts';
import { type CellValue, literal } from '../model/sql-literals.ts';
import { invalidQuery, notFound } from '../rest/service-error.ts';
import type { CompiledQuery, Statement } from './compiled.ts';

/** Filled in before compilation, since sizes are measured by queries. */
type PartitionRows = Map<string, Record<string, CellValue>[]>;

const views: Record<string, [string, ScalarKind][]> = {
  PARTITIONS: [
    ['table_catalog', 'STRING'],
    ['table_schema', 'STRING'],
    ['table_name', 'STRING'],
    ['partition_id', 'STRING'],
    ['total_rows', 'INT64'],
    ['total_logical_bytes', 'INT64'],
    ['total_billable_bytes', 'INT64'],
    ['last_modified_time', 'TIMESTAMP'],
    ['storage_tier', 'STRING'],
  ],
  TABLES: [
    ['table_catalog', 'STRING'],
    ['table_schema', 'STRING'],
    ['table_name', 'STRING'],
    ['table_type', 'STRING'],
    ['creation_time', 'TIMESTAMP'],
  ],
  COLUMNS: [
    ['table_catalog', 'STRING'],
    ['table_schema', 'STRING'],
    ['table_name', 'STRING'],
    ['column_name', 'STRING'],
    ['ordinal_position', 'INT64'],
    ['is_nullable', 'STRING'],
    ['data_type', 'STRING'],
  ],
};

/** Measured ahead of compilation: partitions by dataset. */
const measured = new WeakMap<Statement, PartitionRows>();

export function informationSchema(parts: string[], statement: Statement): CompiledQuery | undefined {
  const at = parts.findIndex((p) => p.toUpperCase() === 'INFORMATION_SCHEMA');
  if (at < 0) return undefined;
  const view = parts[at + 1]?.toUpperCase() ?? '';
  const columns = views[view];
  if (!columns) throw notFound(`Table ${parts.join('.')}`);
  const dataset = datasetOf(parts.slice(0, at), statement);
  statement.metadataReads++;
  statement.datasets.add(`${dataset.project}.${dataset.id}`);
  const fields = columns.map(([name, kind]): Field => ({ name, type: { kind } }));
  const tables = [...dataset.tables.values()].filter((t) => !t.anonymous);
  const rows =
    view === 'PARTITIONS'
      ? (measured.get(statement)?.get(`${dataset.project}.${dataset.id}`) ?? [])
      : tables.flatMap(view === 'TABLES' ? tableRow : columnRows);
  return { sql: valuesSql(fields, rows), fields };
}

function datasetOf(parts: string[], statement: Statement): Dataset {
  const [project, id] = parts.length === 2 ? parts : [statement.project, parts[0] ?? statement.defaultDataset?.dataset];
  if (!id) throw invalidQuery('INFORMATION_SCHEMA needs a dataset');
  const dataset = statement.warehouse.datasets.get(`${project}.${id}`);
  if (!dataset) throw notFound(`Dataset ${project}:${id} was not found in location US`);
  return dataset;
}

function tableRow(table: Table): Record<string, CellValue>[] {
  const kinds: Record<string, string> = { TABLE: 'BASE TABLE', MATERIALIZED_VIEW: 'MATERIALIZED VIEW' };
  return [
    { ...names(table), table_type: kinds[table.kind] ?? table.kind, creation_time: stampText(table.createdStamp) },
  ];
}

function columnRows(table: Table): Record<string, CellValue>[] {
  return table.fields.map((f, i) => ({
    ...names(table),
    column_name: f.name,
    ordinal_position: i + 1,
    is_nullable: f.required ? 'NO' : 'YES',
    data_type: typeName(f.type),
  }));
}

function names(table: Table) {
  return { table_catalog: table.project, table_schema: table.dataset, table_name: table.id };
}

/** Must run before a statement that may read PARTITIONS is compiled. */
export async function measurePartitions(statement: Statement): Promise<void> {
  const rows: PartitionRows = new Map();
  for (const [key, dataset] of statement.warehouse.datasets) {
    if (dataset.anonymous) continue;
    const found: Record<string, CellValue>[] = [];
    for (const table of dataset.tables.values()) found.push(...(await partitionRows(table, statement)));
    rows.set(key, found);
  }
  measured.set(statement, rows);
}

async function partitionRows(table: Table, statement: Statement): Promise<Record<string, CellValue>[]> {
  if (table.kind !== 'TABLE') return [];
  const partitions = await statement.warehouse.sizes.of(table, lastChange(table));
  return partitions.map((p) => ({
    ...names(table),
    partition_id: p.id,
    total_rows: p.rows,
    total_logical_bytes: p.bytes,
    total_billable_bytes: p.bytes,
    last_modified_time: stampText(p.lastChange),
    storage_tier: 'ACTIVE',
  }));
}

function stampText(stamp: number): string {
  const date = new Date(Math.floor(stamp / 1000)).toISOString();
  return `${date.slice(0, -1)}${String(stamp % 1000).padStart(3, '0')}Z`;
}

function valuesSql(fields: Field[], rows: Record<string, CellValue>[]): string {
  const columns = fields.map((f) => ident(f.name)).join(', ');
  const blank = `(${fields.map((f) => literal(null, f.type)).join(', ')})`;
  const values = rows.map((row) => `(${fields.map((f) => literal(row[f.name], f.type)).join(', ')})`);
  return `SELECT * FROM (VALUES ${[...values, blank].join(', ')}) v(${columns}) WHERE table_name IS NOT NULL`;
}
