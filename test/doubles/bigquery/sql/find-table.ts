/** Finds the table a path names: project.dataset.table, dataset.table, or table in the default dataset. */
import type { Table } from '../data/table.ts';
import { invalidQuery, notFound } from '../rest/service-error.ts';
import type { Statement } from './compiled.ts';

export function findTable(parts: string[], statement: Statement): Table {
  const { project, dataset, id } = fullPath(parts, statement);
  const found = statement.warehouse.datasets.get(`${project}.${dataset}`);
  if (!found) throw notFound(`Dataset ${project}:${dataset} was not found in location ${locationHint(statement)}`);
  statement.datasets.add(`${project}.${dataset}`);
  const table = found.tables.get(id);
  if (!table) throw notFound(`Table ${project}:${dataset}.${id} was not found in location ${found.location}`);
  return table;
}

function fullPath(parts: string[], statement: Statement): { project: string; dataset: string; id: string } {
  const [a, b, c] = parts;
  if (parts.length === 3) return { project: a!, dataset: b!, id: c! };
  if (parts.length === 2) return { project: statement.project, dataset: a!, id: b! };
  if (parts.length === 1 && statement.defaultDataset) return { ...statement.defaultDataset, id: a! };
  throw invalidQuery(`Table "${parts.join('.')}" must be qualified with a dataset (e.g. dataset.table).`);
}

function locationHint(statement: Statement): string {
  const [first] = statement.datasets;
  return (first && statement.warehouse.datasets.get(first)?.location) || 'US';
}
