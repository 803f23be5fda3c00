/** Where a registered table stands in BigQuery. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { TableRequest } from '../table-request.ts';
import { projectId, type Settings } from './settings.ts';

export interface TableName {
  project: string;
  dataset: string;
  table: string;
}

/** The full name; `bucket` is the dataset, or `project.dataset` for the data of another project. Refuses a dataset outside the allow-list. */
export function tableNameOf(settings: Settings, { bucket, source_table, id }: TableRequest): TableName {
  if (bucket === null)
    throw new AttacheError('options_invalid', {
      message: `The table ${id} names no dataset.`,
      hint: 'Set `bucket` to the dataset that holds it.',
    });
  const at = bucket.lastIndexOf('.');
  const name = {
    project: at < 0 ? settings.project : bucket.slice(0, at),
    dataset: bucket.slice(at + 1),
    table: source_table,
  };
  checkGrammar(name);
  checkDataset(settings, name);
  return name;
}

/** BigQuery’s own grammar. A project stands in addresses as it is, and `..` would lead out of them. */
const grammar = {
  project: projectId,
  dataset: /^\w{1,1024}$/,
  table: /^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}\p{Zs}]{1,1024}$/u,
} as const;

function checkGrammar(name: TableName): void {
  for (const part of ['project', 'dataset', 'table'] as const) {
    if (grammar[part].test(name[part])) continue;
    throw new AttacheError('options_invalid', {
      message: `${JSON.stringify(name[part])} is no name of a ${part} of BigQuery.`,
      hint: '`bucket` is the dataset, or project.dataset; `source_table` the table alone. Several tables at once (events_*) or one partition of a table go into options.sql.',
    });
  }
}

/** Refuses a dataset that the source's settings do not list. */
function checkDataset({ datasets, project }: Settings, name: Pick<TableName, 'project' | 'dataset'>): void {
  if (datasets === undefined) return;
  const listed =
    name.project === project ? [name.dataset, `${name.project}.${name.dataset}`] : [`${name.project}.${name.dataset}`];
  if (listed.some((each) => datasets.includes(each))) return;
  throw new AttacheError('source_forbidden', {
    message: `The dataset ${name.project}.${name.dataset} is not among the source’s \`datasets\`.`,
    hint: `Add it to the source’s \`datasets\`, or read one of: ${datasets.join(', ')}.`,
  });
}

/** `project.dataset.table`, for people. */
export function dotted({ project, dataset, table }: TableName): string {
  return `${project}.${dataset}.${table}`;
}
