/** Lists datasets and tables by REST alone: no query runs, so nothing is billed. */
import pLimit from 'p-limit';
import { deriveTableId } from '../../contract/identity.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import type { DiscoveredTable } from '../connector.ts';
import { isStored, type Partitioning, type RestTable, readTable, type SourceTable } from './describe-table.ts';
import { duckType } from './duck-types.ts';
import { isForbidden } from './explain-error.ts';
import { typeName } from './fields.ts';
import type { RestClient } from './rest-client.ts';
import type { Settings } from './settings.ts';

interface Listing {
  nextPageToken?: string | null;
  datasets?: { datasetReference: { projectId: string; datasetId: string } }[];
  tables?: Pick<RestTable, 'tableReference' | 'type'>[];
}

export interface DatasetName {
  project: string;
  dataset: string;
}

const atOnce = 8;
const pageSize = 1_000;

export async function discoverTables(rest: RestClient): Promise<DiscoveredTable[]> {
  const slot = pLimit(atOnce);
  const datasets = await datasetsOf(rest);
  const names = await allowed(datasets.map((dataset) => slot(() => tablesOf(rest, dataset))));
  const tables = await allowed(names.flat().map((table) => slot(() => lookAt(rest, table.tableReference))));
  return tables
    .flatMap((table) => (table === null ? [] : [discovered(rest.settings, table)]))
    .sort((a, b) => (`${a.bucket}.${a.source_table}` < `${b.bucket}.${b.source_table}` ? -1 : 1));
}

/** What we may see. A project lists datasets and tables by name also for those who may not look at them; only where nothing may be seen is that an error. */
async function allowed<T>(looks: Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(looks);
  const refusals = settled.flatMap((look) => (look.status === 'rejected' ? [look.reason as unknown] : []));
  const other = refusals.find((refusal) => !isForbidden(refusal));
  if (other !== undefined) throw other;
  if (refusals.length > 0 && refusals.length === looks.length) throw refusals[0];
  return settled.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : []));
}

/** The allow-list, or everything the project shows. */
export async function datasetsOf(rest: RestClient): Promise<DatasetName[]> {
  const { project, datasets } = rest.settings;
  if (datasets !== undefined)
    return datasets.map((name) => {
      const at = name.lastIndexOf('.');
      return { project: at < 0 ? project : name.slice(0, at), dataset: name.slice(at + 1) };
    });
  const listed = await everyPage(rest, project, ['datasets'], 'listing the datasets');
  return listed.flatMap((page) =>
    (page.datasets ?? []).map(({ datasetReference: { projectId, datasetId } }) => ({
      project: projectId,
      dataset: datasetId,
    })),
  );
}

export async function tablesOf(
  rest: RestClient,
  { project, dataset }: DatasetName,
): Promise<Pick<RestTable, 'tableReference' | 'type'>[]> {
  const listed = await everyPage(rest, project, ['datasets', dataset, 'tables'], `listing the tables of ${dataset}`);
  return listed.flatMap((page) => page.tables ?? []);
}

async function everyPage(rest: RestClient, project: string, path: string[], doing: string): Promise<Listing[]> {
  const pages: Listing[] = [];
  const seen = new Set<string>();
  for (let pageToken: string | undefined; ; ) {
    const page: Listing = await rest.call({ project, path, query: { maxResults: pageSize, pageToken }, doing });
    pages.push(page);
    pageToken = page.nextPageToken || undefined;
    if (pageToken === undefined || seen.has(pageToken)) return pages;
    seen.add(pageToken);
  }
}

/** Null for a table that went, or that has columns nobody here knows. */
async function lookAt(rest: RestClient, name: RestTable['tableReference']): Promise<SourceTable | null> {
  try {
    return readTable(
      await rest.call<RestTable>({
        project: name.projectId,
        path: ['datasets', name.datasetId, 'tables', name.tableId],
        doing: `looking at ${name.datasetId}.${name.tableId}`,
      }),
    );
  } catch (thrown) {
    if (thrown instanceof AttacheError && ['source_missing', 'unsupported'].includes(thrown.code)) return null;
    throw thrown;
  }
}

function discovered(settings: Settings, table: SourceTable): DiscoveredTable {
  const { project, dataset } = table.name;
  return {
    bucket: project === settings.project ? dataset : `${project}.${dataset}`,
    source_table: table.name.table,
    name: proposedName(table.name.table),
    description: table.description,
    kind: table.type.toLowerCase().replaceAll('_', ' '),
    columns: table.fields.map((field) => ({
      name: field.name,
      source_type: typeName(field),
      type: duckType(field),
      nullable: field.nullable,
    })),
    primary_key: table.primaryKey,
    rows: isStored(table) ? table.rows : null,
    size_bytes: isStored(table) ? table.bytes : null,
    facts: {
      partitioned_by: table.partitioning === null ? null : partitioningText(table.partitioning),
      needs_partition_filter: table.needsFilter,
      clustered_by: table.clustering.length === 0 ? null : table.clustering.join(', '),
      last_change: isStored(table) ? new Date(table.modifiedMs).toISOString() : null,
      location: table.location,
    },
  };
}

function partitioningText(partitioning: Partitioning): string {
  if (partitioning.by === 'range') return `range of ${partitioning.field}`;
  return `${partitioning.unit.toLowerCase()} of ${partitioning.field ?? 'arrival'}`;
}

function proposedName(label: string): string | null {
  try {
    return deriveTableId(label);
  } catch {
    return null;
  }
}
