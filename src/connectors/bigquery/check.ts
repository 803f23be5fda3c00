/** One probe for people: who we are to BigQuery, what works, which roles are missing and what to grant. Nothing is billed. */
import type { CheckReport } from '../connector.ts';
import { datasetsOf, tablesOf } from './discover.ts';
import { dryRun } from './dry-run.ts';
import { isForbidden } from './explain-error.ts';
import type { RestClient } from './rest-client.ts';
import { payerOf } from './settings.ts';
import type { Storage } from './storage-client.ts';

export async function checkAccess(rest: RestClient, storage: Storage): Promise<CheckReport> {
  const { settings } = rest;
  const payer = payerOf(settings);
  // A dry run proves the credentials and the right to run queries, and says who we are.
  const { identity } = await dryRun(
    rest,
    { sql: 'SELECT 1', location: settings.location ?? null },
    `running a query as ${payer}`,
  );
  const who = identity ?? 'an unknown identity';
  const datasets = await datasetsOf(rest);
  const warnings: string[] = [];
  let tables = 0;
  let example: { project: string; dataset: string; table: string } | null = null;
  for (const dataset of datasets) {
    try {
      const found = await tablesOf(rest, dataset);
      tables += found.length;
      const first = found.find((table) => table.type === 'TABLE');
      if (first !== undefined) example ??= { ...dataset, table: first.tableReference.tableId };
    } catch (thrown) {
      if (!isForbidden(thrown)) throw thrown;
      warnings.push(
        `${who} may not list ${dataset.project}.${dataset.dataset}: grant it roles/bigquery.dataViewer on the dataset.`,
      );
    }
  }
  if (datasets.length === 0)
    warnings.push(`${who} sees no dataset in ${settings.project}: grant it roles/bigquery.dataViewer on the data.`);
  const mayRead = example === null ? null : await mayReadTable(rest, example);
  if (mayRead === false)
    warnings.push(
      `${who} may not read ${example!.dataset}.${example!.table}: grant it roles/bigquery.dataViewer on the dataset.`,
    );
  const storageRead = example === null ? null : await storage.mayRead(example);
  if (storageRead === false)
    warnings.push(
      `${who} may not use the Storage Read API: grant it roles/bigquery.readSessionUser on ${payer}. Until then tables are read by queries, which cost more.`,
    );
  return {
    summary: `BigQuery project ${settings.project} as ${who}, ${datasets.length} datasets, ${tables} tables`,
    facts: {
      project: settings.project,
      billing_project: payer,
      identity,
      datasets: datasets.length,
      tables,
      may_query: true,
      may_read: mayRead,
      storage_read: storageRead,
    },
    warnings,
  };
}

async function mayReadTable(
  rest: RestClient,
  { project, dataset, table }: { project: string; dataset: string; table: string },
): Promise<boolean> {
  const wanted = 'bigquery.tables.getData';
  const answer = await rest.call<{ permissions?: string[] }>({
    method: 'POST',
    project,
    path: ['datasets', dataset, 'tables', table],
    verb: 'testIamPermissions',
    body: { permissions: [wanted] },
    doing: `asking for the rights on ${dataset}.${table}`,
  });
  return answer.permissions?.includes(wanted) ?? false;
}
