/** What BigQuery says of a table, without reading a row of it. */

import { AttacheError } from '../../errors/attache-error.ts';
import type { TableRequest } from '../table-request.ts';
import { type Field, type RestField, readFields } from './fields.ts';
import type { RestClient } from './rest-client.ts';
import { dotted, type TableName } from './table-name.ts';

export interface SourceTable {
  name: TableName;
  /** TABLE, VIEW, MATERIALIZED_VIEW, EXTERNAL, SNAPSHOT, CLONE. */
  type: string;
  fields: Field[];
  rows: number;
  bytes: number;
  /** Milliseconds since 1970. */
  createdMs: number;
  modifiedMs: number;
  /** Rows have come that are in no partition yet; counts and times say nothing of them. */
  streaming: boolean;
  location: string | null;
  partitioning: Partitioning | null;
  /** Columns that are folders of an external table's files (`key=value/`), outermost first. */
  folderKeys: string[];
  /** A query without a condition on the partitions, or on a folder, is refused. */
  needsFilter: boolean;
  clustering: string[];
  description: string | null;
  primaryKey: string[];
}

export type Partitioning =
  /** `field` is null where the time of arrival decides. */
  { by: 'time'; unit: 'HOUR' | 'DAY' | 'MONTH' | 'YEAR'; field: string | null } | { by: 'range'; field: string };

export interface RestTable {
  tableReference: { projectId: string; datasetId: string; tableId: string };
  type?: string;
  schema?: { fields?: RestField[] };
  numRows?: string;
  numBytes?: string;
  creationTime?: string;
  lastModifiedTime?: string;
  streamingBuffer?: object;
  location?: string;
  timePartitioning?: { type: 'HOUR' | 'DAY' | 'MONTH' | 'YEAR'; field?: string; requirePartitionFilter?: boolean };
  rangePartitioning?: { field: string };
  requirePartitionFilter?: boolean;
  externalDataConfiguration?: { hivePartitioningOptions?: { fields?: string[]; requirePartitionFilter?: boolean } };
  clustering?: { fields?: string[] };
  description?: string;
  tableConstraints?: { primaryKey?: { columns?: string[] } };
}

export async function describeTable(rest: RestClient, name: TableName): Promise<SourceTable> {
  return readTable(
    await rest.call<RestTable>({
      project: name.project,
      path: ['datasets', name.dataset, 'tables', name.table],
      doing: `looking at ${dotted(name)}`,
    }),
  );
}

export function readTable(table: RestTable): SourceTable {
  const { projectId, datasetId, tableId } = table.tableReference;
  const folders = table.externalDataConfiguration?.hivePartitioningOptions;
  return {
    name: { project: projectId, dataset: datasetId, table: tableId },
    // INFORMATION_SCHEMA writes a space where REST writes an underscore.
    type: (table.type ?? 'TABLE').replaceAll(' ', '_'),
    fields: readFields(table.schema?.fields),
    rows: Number(table.numRows ?? 0),
    bytes: Number(table.numBytes ?? 0),
    createdMs: Number(table.creationTime ?? 0),
    modifiedMs: Number(table.lastModifiedTime ?? 0),
    streaming: table.streamingBuffer !== undefined,
    location: table.location ?? null,
    partitioning: partitioningOf(table),
    folderKeys: folders?.fields ?? [],
    // Three places, and any of them may stand at false beside another.
    needsFilter: [table, table.timePartitioning, folders].some((place) => place?.requirePartitionFilter === true),
    clustering: table.clustering?.fields ?? [],
    description: table.description ?? null,
    primaryKey: table.tableConstraints?.primaryKey?.columns ?? [],
  };
}

function partitioningOf({ timePartitioning: time, rangePartitioning: range }: RestTable): Partitioning | null {
  if (time !== undefined) return { by: 'time', unit: time.type, field: time.field ?? null };
  return range === undefined ? null : { by: 'range', field: range.field };
}

/** BigQuery stores its rows; what it stores not is computed by a query. */
export function isStored({ type }: SourceTable): boolean {
  return type === 'TABLE' || type === 'SNAPSHOT' || type === 'CLONE';
}

/** The columns the registration asks for, in the source's order. */
export function chosenFields(fields: readonly Field[], table: TableRequest): Field[] {
  const { source_table, options } = table;
  checkPartitionBy(fields, table);
  const wanted = options.columns;
  const unknown = wanted?.filter((name) => !fields.some((field) => field.name === name)) ?? [];
  if (unknown.length > 0)
    throw new AttacheError('source_missing', {
      message: `${source_table} has no column ${unknown.join(', ')}.`,
      hint: 'Correct options.columns of the table.',
    });
  const chosen = fields.filter((field) => wanted === undefined || wanted.includes(field.name));
  if (chosen.length === 0)
    throw new AttacheError('source_data', {
      message: `${source_table} has no columns, and a published table needs one.`,
      hint: 'Give it a column, or remove it from the registry.',
    });
  return chosen;
}

/** A pseudo-column can be named in a condition, but no row carries it. */
function checkPartitionBy(fields: readonly Field[], { id, sync_strategy, options }: TableRequest): void {
  const { partition_by } = options;
  if (sync_strategy !== 'partitioned' || partition_by === undefined) return;
  if (fields.some(({ name }) => name === partition_by)) return;
  throw new AttacheError('source_missing', {
    message: `The table ${id} has no column ${partition_by}, which options.partition_by names.`,
    hint: 'Name a column of the table. The time of arrival becomes one by options.sql: SELECT *, DATE(_PARTITIONTIME) AS day FROM …',
  });
}
