/** Where results of jobs lie: anonymous tables that live a day, or the destination the caller named. */
import { createHash, randomBytes } from 'node:crypto';
import { accessDenied } from '../control/permissions.ts';
import { deleteRows, insertSelect } from '../data/change-rows.ts';
import { lastChange, type Table, tablePath, versionAt } from '../data/table.ts';
import { addDataset, addTable, type Dataset, datasetOf, dropTable } from '../data/warehouse.ts';
import { notFound, ServiceError } from '../rest/service-error.ts';
import type { Service } from '../service.ts';
import type { Job } from './job.ts';

const dayMs = 24 * 3600 * 1000;

export async function writeResult(service: Service, job: Job): Promise<{ table: Table; rows: number }> {
  const table = await destination(service, job);
  await insertSelect(service.warehouse, table, job.analysis.compiled.sql);
  const partitions = await service.warehouse.sizes.of(table, versionAt(table, lastChange(table)));
  const rows = partitions.reduce((sum, p) => sum + p.rows, 0);
  const bytes = partitions.reduce((sum, p) => sum + p.bytes, 0);
  if (table.anonymous && bytes > service.limits.responseBytes) {
    await dropTable(service.warehouse, table);
    throw new ServiceError(
      'responseTooLarge',
      'Response too large to return. Consider specifying a destination table in your job configuration.',
    );
  }
  const { cacheKey } = job.analysis;
  if (table.anonymous && cacheKey) {
    service.cachedResults.set(cacheKey, { project: table.project, dataset: table.dataset, table: table.id });
  }
  return { table, rows };
}

/** The result of an equal statement over unchanged tables, if the caller accepts one. */
export async function cachedResult(service: Service, job: Job): Promise<{ table: Table; rows: number } | undefined> {
  const { query } = job.configuration;
  const { cacheKey } = job.analysis;
  if (!cacheKey || query?.useQueryCache === false || query?.destinationTable) return undefined;
  const cached = service.cachedResults.get(cacheKey);
  const table =
    cached && service.warehouse.datasets.get(`${cached.project}.${cached.dataset}`)?.tables.get(cached.table);
  if (!table) return undefined;
  const partitions = await service.warehouse.sizes.of(table, versionAt(table, lastChange(table)));
  return { table, rows: partitions.reduce((sum, p) => sum + p.rows, 0) };
}

async function destination(service: Service, job: Job): Promise<Table> {
  const named = job.configuration.query?.destinationTable;
  if (!named) {
    const dataset = anonymousDataset(service, job.project, job.location);
    const expirationMs = service.warehouse.clock.nowMs() + dayMs;
    return addTable(service.warehouse, {
      ...blank(job),
      dataset: dataset.id,
      id: `anon${randomBytes(16).toString('hex')}`,
      anonymous: true,
      expirationMs,
    });
  }
  const { projectId, datasetId, tableId } = named;
  if (!service.permissions.allows('bigquery.tables.create', `${projectId}.${datasetId}`)) {
    throw accessDenied('Dataset', `${projectId}.${datasetId}`, 'bigquery.tables.create');
  }
  const dataset = datasetOf(service.warehouse, projectId, datasetId);
  if (dataset.location !== job.location)
    throw notFound(`Dataset ${projectId}:${datasetId} was not found in location ${job.location}`);
  const existing = dataset.tables.get(tableId);
  const definition = { ...blank(job), project: projectId, dataset: datasetId, id: tableId };
  if (!existing) return addTable(service.warehouse, definition);
  return overwrite(service, job, existing, definition);
}

async function overwrite(
  service: Service,
  job: Job,
  existing: Table,
  definition: ReturnType<typeof blank>,
): Promise<Table> {
  const disposition = job.configuration.query?.writeDisposition ?? 'WRITE_EMPTY';
  if (disposition === 'WRITE_APPEND') return existing;
  const partitions = await service.warehouse.sizes.of(existing, versionAt(existing, lastChange(existing)));
  if (disposition === 'WRITE_EMPTY' && partitions.length > 0)
    throw new ServiceError('duplicate', `Already Exists: Table ${tablePath(existing)}`);
  if (JSON.stringify(existing.fields) === JSON.stringify(definition.fields)) {
    await deleteRows(service.warehouse, existing);
    return existing;
  }
  await dropTable(service.warehouse, existing);
  return addTable(service.warehouse, { ...definition, dataset: existing.dataset, id: existing.id });
}

function anonymousDataset(service: Service, project: string, location: string): Dataset {
  const id = `_${createHash('sha1').update(`${project}/${location}`).digest('hex')}`;
  return (
    service.warehouse.datasets.get(`${project}.${id}`) ??
    addDataset(service.warehouse, { project, id, location, labels: {}, anonymous: true })
  );
}

function blank(job: Job) {
  return {
    project: job.project,
    dataset: '',
    id: '',
    kind: 'TABLE' as const,
    fields: job.analysis.compiled.fields,
    requirePartitionFilter: false,
    clustering: [],
    labels: {},
    anonymous: false,
  };
}
