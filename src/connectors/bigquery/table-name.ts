/** Where a registered table stands in BigQuery. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { TableRequest } from '../connector.ts';
import type { Settings } from './settings.ts';

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
  checkDataset(settings, name);
  return name;
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
