/** tables.list, tables.get, tables.testIamPermissions and tabledata.list. */
import { accessDenied, type Permission } from '../control/permissions.ts';
import { unpartitioned } from '../data/partitions.ts';
import { lastChange, type Table, tablePath, versionAt } from '../data/table.ts';
import { datasetOf, tableOf } from '../data/warehouse.ts';
import { writeField } from '../model/field-types.ts';
import type { Service } from '../service.ts';
import { listPage, readPage, startOf, timestampFormat } from './pages.ts';
import type { Reply, RestCall } from './reply.ts';
import { ServiceError } from './service-error.ts';

export async function listTables(service: Service, { params, query }: RestCall): Promise<Reply> {
  const { project, dataset } = params as { project: string; dataset: string };
  if (!service.permissions.allows('bigquery.tables.list', `${project}.${dataset}`)) {
    throw accessDenied('Dataset', `${project}.${dataset}`, 'bigquery.tables.list');
  }
  const all = [...datasetOf(service.warehouse, project, dataset).tables.values()].filter((t) => !t.anonymous);
  const { items, nextPageToken } = listPage(
    all.sort((a, b) => (a.id < b.id ? -1 : 1)),
    query,
  );
  const tables = items.map((t) => ({
    kind: 'bigquery#table',
    ...identity(t),
    ...shape(t),
    creationTime: ms(t.createdStamp),
  }));
  return {
    body: {
      kind: 'bigquery#tableList',
      etag: etag(all.map((t) => lastChange(t)).join()),
      tables,
      totalItems: all.length,
      nextPageToken,
    },
  };
}

export async function getTable(service: Service, { params }: RestCall): Promise<Reply> {
  const table = readableTable(service, params, 'bigquery.tables.get');
  const { location } = datasetOf(service.warehouse, table.project, table.dataset);
  return {
    body: {
      kind: 'bigquery#table',
      etag: etag(`${tablePath(table)}@${lastChange(table)}`),
      ...identity(table),
      ...shape(table),
      schema: { fields: table.fields.map(writeField) },
      creationTime: ms(table.createdStamp),
      lastModifiedTime: ms(lastChange(table)),
      location,
      ...(table.description ? { description: table.description } : {}),
      ...(await sizes(service, table)),
    },
  };
}

export async function listRows(service: Service, { params, query }: RestCall): Promise<Reply> {
  const table = readableTable(service, params, 'bigquery.tables.getData');
  if (table.kind !== 'TABLE' && table.kind !== 'SNAPSHOT')
    throw new ServiceError('invalid', `Cannot list a table of type ${table.kind}.`);
  const selected = query.get('selectedFields')?.split(',');
  const fields = selected ? table.fields.filter((f) => selected.includes(f.name)) : table.fields;
  const maxResults = Number(query.get('maxResults') ?? Number.MAX_SAFE_INTEGER);
  const page = await readPage(service, table, {
    startIndex: startOf(query),
    maxResults,
    timestamps: timestampFormat(query),
    fields,
  });
  return {
    body: {
      kind: 'bigquery#tableDataList',
      etag: etag(String(lastChange(table))),
      totalRows: String(page.totalRows),
      pageToken: page.pageToken,
    },
    rows: page.rows,
  };
}

export async function testTablePermissions(service: Service, { params, body }: RestCall): Promise<Reply> {
  const path = `${params.project}.${params.dataset}.${params.table}`;
  const asked = (body as { permissions?: Permission[] }).permissions ?? [];
  return { body: { permissions: asked.filter((p) => service.permissions.allows(p, path)) } };
}

function readableTable(service: Service, params: Record<string, string>, permission: Permission): Table {
  const { project, dataset, table } = params as { project: string; dataset: string; table: string };
  const path = `${project}.${dataset}.${table}`;
  if (!service.permissions.allows(permission, path)) throw accessDenied('Table', path, permission);
  return tableOf(service.warehouse, project, dataset, table);
}

function identity(table: Table) {
  const { project, dataset, id } = table;
  return { id: `${project}:${dataset}.${id}`, tableReference: { projectId: project, datasetId: dataset, tableId: id } };
}

/** Type, partitioning and clustering, as both listing and table show them. */
function shape(table: Table) {
  // An external table says it beside the folders of its files instead.
  const filter = table.requirePartitionFilter && !table.hiveKeys ? { requirePartitionFilter: true } : {};
  return {
    type: table.kind,
    ...(table.timePartitioning ? { timePartitioning: { ...table.timePartitioning, ...filter } } : {}),
    ...(table.rangePartitioning ? { rangePartitioning: rangeOf(table) } : {}),
    ...filter,
    ...(table.clustering.length > 0 ? { clustering: { fields: table.clustering } } : {}),
    ...(Object.keys(table.labels).length > 0 ? { labels: table.labels } : {}),
    ...(table.expirationMs ? { expirationTime: String(table.expirationMs) } : {}),
    ...(table.kind === 'VIEW' ? { view: { query: table.query, useLegacySql: false } } : {}),
    ...(table.kind === 'MATERIALIZED_VIEW'
      ? { materializedView: { query: table.query, lastRefreshTime: ms(lastChange(table)) } }
      : {}),
    ...(table.kind === 'EXTERNAL'
      ? {
          externalDataConfiguration: {
            sourceFormat: 'PARQUET',
            sourceUris: [`gs://lake/${table.id}/*`],
            ...hive(table),
          },
        }
      : {}),
  };
}

function hive({ id, hiveKeys, requirePartitionFilter }: Table) {
  if (!hiveKeys) return {};
  const sourceUriPrefix = `gs://lake/${id}/`;
  return {
    hivePartitioningOptions: {
      mode: 'CUSTOM',
      sourceUriPrefix,
      fields: hiveKeys,
      ...(requirePartitionFilter ? { requirePartitionFilter } : {}),
    },
  };
}

function rangeOf({ rangePartitioning }: Table) {
  const { field, range } = rangePartitioning!;
  return { field, range: { start: String(range.start), end: String(range.end), interval: String(range.interval) } };
}

/** Rows and bytes; nothing for what BigQuery does not store. */
async function sizes(service: Service, table: Table) {
  if (table.kind === 'VIEW' || table.kind === 'EXTERNAL') return { numBytes: '0', numLongTermBytes: '0', numRows: '0' };
  const partitions = await service.warehouse.sizes.of(table, versionAt(table, lastChange(table)));
  const total = (list: typeof partitions, what: 'rows' | 'bytes') => String(list.reduce((sum, p) => sum + p[what], 0));
  const streaming = partitions.filter((p) => p.id === unpartitioned);
  const settled = partitions.filter((p) => p.id !== unpartitioned);
  const buffer = streaming.length > 0 && !table.rangePartitioning;
  const stored = buffer ? settled : partitions;
  return {
    numBytes: total(stored, 'bytes'),
    numTotalLogicalBytes: total(stored, 'bytes'),
    numLongTermBytes: '0',
    numRows: total(stored, 'rows'),
    ...(buffer
      ? {
          streamingBuffer: {
            estimatedRows: total(streaming, 'rows'),
            estimatedBytes: total(streaming, 'bytes'),
            oldestEntryTime: ms(lastChange(table)),
          },
        }
      : {}),
  };
}

function ms(stamp: number): string {
  return String(Math.floor(stamp / 1000));
}

function etag(of: string): string {
  return Buffer.from(of).toString('base64url');
}
