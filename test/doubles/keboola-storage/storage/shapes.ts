/** The JSON of buckets, tables and metadata; empty maps come out as PHP's `[]`. */
import { serviceDate } from '../clock.ts';
import type { Service } from '../service.ts';
import { type Bucket, type Column, type Metadata, sourceOf, type Table, visibleColumns } from '../world.ts';

export function phpMap<T>(map: Record<string, T>): Record<string, T> | [] {
  return Object.keys(map).length === 0 ? [] : map;
}

function columnMetadata(columns: Column[]): Record<string, Metadata[]> | [] {
  return phpMap(
    Object.fromEntries(
      columns.filter(({ metadata }) => metadata.length > 0).map(({ name, metadata }) => [name, metadata]),
    ),
  );
}

export function definition(table: Table): Record<string, unknown> | undefined {
  if (!table.isTyped) return undefined;
  return {
    primaryKeysNames: table.primaryKey,
    columns: visibleColumns(table).map(({ name, definition, basetype, canBeFiltered }) => ({
      name,
      definition,
      basetype,
      canBeFiltered,
    })),
    ...(table.bucket.backend === 'bigquery'
      ? { timePartitioning: null, clustering: null, rangePartitioning: null }
      : {}),
  };
}

export function bucketShape(service: Service, bucket: Bucket, include: Set<string>): Record<string, unknown> {
  const tables = [...(bucket.linked ?? bucket).tables.values()];
  return {
    uri: `${service.urls.storage}/v2/storage/buckets/${bucket.id}`,
    id: bucket.id,
    name: bucket.name,
    displayName: bucket.displayName,
    idBranch: bucket.project.branches.find((branch) => branch.buckets.get(bucket.id) === bucket)?.id,
    stage: bucket.stage,
    description: bucket.description,
    tables: `${service.urls.storage}/v2/storage/buckets/${bucket.id}/tables`,
    created: serviceDate(bucket.createdMs),
    lastChangeDate: bucket.lastChangeMs === undefined ? null : serviceDate(bucket.lastChangeMs),
    isReadOnly: bucket.linked !== undefined,
    dataSizeBytes: tables.reduce((sum, table) => sum + sourceOf(table).rowsCount * 40, 0),
    rowsCount: tables.reduce((sum, table) => sum + sourceOf(table).rowsCount, 0),
    isMaintenance: bucket.isMaintenance,
    backend: bucket.backend,
    sharing: null,
    hasExternalSchema: false,
    databaseName: '',
    path: bucket.id,
    backendPath: [`KEBOOLA_${(bucket.linked ?? bucket).project.id}`, (bucket.linked ?? bucket).id],
    isSnowflakeSharedDatabase: false,
    isLinkedBucket: bucket.linked !== undefined,
    owner: null,
    ...(bucket.linked
      ? { sourceBucket: { id: bucket.linked.id, name: bucket.linked.name, project: projectRef(bucket.linked) } }
      : {}),
    ...(include.has('metadata') ? { metadata: bucket.metadata } : {}),
    ...(include.has('linkedBuckets') ? { linkedBy: [] } : {}),
  };
}

/** `include` is honoured exactly; the detail passes every part. */
export function tableShape(service: Service, table: Table, include: Set<string>): Record<string, unknown> {
  const data = sourceOf(table);
  const external = table.tableType !== 'table';
  const shape = {
    uri: `${service.urls.storage}/v2/storage/tables/${table.id}`,
    id: table.id,
    name: table.name,
    displayName: table.displayName,
    transactional: false,
    primaryKey: table.primaryKey,
    indexType: null,
    indexKey: [],
    distributionType: null,
    distributionKey: [],
    syntheticPrimaryKeyEnabled: false,
    created: serviceDate(table.createdMs),
    lastImportDate: dateOrNull(data.lastImportMs),
    lastChangeDate: dateOrNull(data.lastChangeMs),
    rowsCount: external ? null : data.rowsCount,
    dataSizeBytes: external ? null : data.rowsCount * 40,
    isAlias: table.alias !== undefined,
    isAliasable: true,
    isTyped: table.isTyped,
    tableType: table.tableType,
    timestampType: table.timestampType,
    path: `/${table.bucket.id}/${table.name}`,
    ...(include.has('columns') ? { columns: visibleColumns(table).map(({ name }) => name) } : {}),
    ...(include.has('metadata') ? { metadata: table.metadata } : {}),
    ...(include.has('columnMetadata') ? { columnMetadata: table.alias ? [] : columnMetadata(table.columns) } : {}),
    ...(include.has('buckets') ? { bucket: bucketShape(service, table.bucket, new Set()) } : {}),
    ...(table.alias ? aliasShape(table, include) : {}),
  };
  return { ...shape, ...table.override };
}

function aliasShape(table: Table, include: Set<string>): Record<string, unknown> {
  const { source, columns, filter } = table.alias!;
  return {
    aliasColumnsAutoSync: columns === undefined,
    ...(filter ? { aliasFilter: filter } : {}),
    sourceTable: {
      id: source.id,
      uri: `https://source.invalid/v2/storage/tables/${source.id}`,
      name: source.name,
      project: projectRef(source.bucket),
      ...(include.has('sourceMetadata') ? { metadata: source.metadata } : {}),
      ...(include.has('sourceColumnMetadata') ? { columnMetadata: columnMetadata(sourceOf(source).columns) } : {}),
      ...(include.has('definition') && source.isTyped ? { definition: definition(source) } : {}),
    },
  };
}

function projectRef(bucket: Bucket): { id: number; name: string } {
  return { id: bucket.project.id, name: bucket.project.name };
}

function dateOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : serviceDate(ms);
}
