/** projects.list, datasets.list and datasets.get. */
import { accessDenied } from '../control/permissions.ts';
import { type Dataset, datasetOf } from '../data/warehouse.ts';
import type { Service } from '../service.ts';
import { listPage } from './pages.ts';
import type { Reply, RestCall } from './reply.ts';

export async function listProjects(service: Service): Promise<Reply> {
  const ids = [...new Set([...service.warehouse.datasets.values()].map((d) => d.project))];
  const projects = ids.map((id) => ({
    kind: 'bigquery#project',
    id,
    projectReference: { projectId: id },
    friendlyName: id,
  }));
  return { body: { kind: 'bigquery#projectList', projects, totalItems: projects.length } };
}

export async function listDatasets(service: Service, { params, query }: RestCall): Promise<Reply> {
  const hidden = query.get('all') === 'true';
  const all = [...service.warehouse.datasets.values()]
    .filter((d) => d.project === params.project && (hidden || !d.anonymous))
    .filter((d) => service.permissions.allows('bigquery.datasets.get', `${d.project}.${d.id}`))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const { items, nextPageToken } = listPage(all, query);
  const datasets = items.map((d) => ({
    kind: 'bigquery#dataset',
    ...identity(d),
    location: d.location,
    labels: d.labels,
  }));
  return { body: { kind: 'bigquery#datasetList', ...(datasets.length > 0 ? { datasets } : {}), nextPageToken } };
}

export async function getDataset(service: Service, { params }: RestCall): Promise<Reply> {
  const path = `${params.project}.${params.dataset}`;
  if (!service.permissions.allows('bigquery.datasets.get', path))
    throw accessDenied('Dataset', path, 'bigquery.datasets.get');
  const dataset = datasetOf(service.warehouse, params.project!, params.dataset!);
  const created = String(dataset.createdMs);
  return {
    body: {
      kind: 'bigquery#dataset',
      ...identity(dataset),
      location: dataset.location,
      labels: dataset.labels,
      ...(dataset.description ? { description: dataset.description } : {}),
      creationTime: created,
      lastModifiedTime: created,
    },
  };
}

function identity({ project, id }: Dataset) {
  return { id: `${project}:${id}`, datasetReference: { projectId: project, datasetId: id } };
}
