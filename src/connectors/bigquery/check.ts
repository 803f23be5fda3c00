/** One probe for people: who we are to BigQuery, what works, which roles are missing and what to grant. Nothing is billed. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { CheckReport } from '../connector.ts';
import { datasetsOf, tablesOf } from './discover.ts';
import { dryRun } from './dry-run.ts';
import { isForbidden } from './explain-error.ts';
import type { RestClient } from './rest-client.ts';
import { payerOf } from './settings.ts';
import type { Storage } from './storage-client.ts';

/** Says what is missing all at once; throws only where nothing could be read. `keyOwner` is who the key says we are. */
export async function checkAccess(
  rest: RestClient,
  storage: Storage,
  keyOwner: string | null = null,
): Promise<CheckReport> {
  const { settings } = rest;
  const payer = payerOf(settings);
  const { mayQuery, identity } = await askWho(rest, payer);
  const who = identity ?? keyOwner ?? 'the account';
  const datasets = await datasetsOf(rest);
  const warnings: string[] = [];
  if (mayQuery !== true) warnings.push(mayNotQuery(who, payer, mayQuery));
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
  if (mayQuery !== true && storageRead !== true)
    throw new AttacheError('source_forbidden', {
      message: `BigQuery: ${who} may read nothing of ${settings.project}.`,
      hint: warnings.join(' '),
    });
  return {
    summary: `BigQuery project ${settings.project} as ${who === 'the account' ? 'an unknown identity' : who}, ${datasets.length} datasets, ${tables} tables`,
    facts: {
      project: settings.project,
      billing_project: payer,
      identity: identity ?? keyOwner,
      datasets: datasets.length,
      tables,
      may_query: mayQuery === true,
      may_read: mayRead,
      storage_read: storageRead,
    },
    warnings,
  };
}

/** A dry run proves the credentials and the right to run queries, and says who we are; where it may not be made, why. */
async function askWho(
  rest: RestClient,
  payer: string,
): Promise<{ mayQuery: true | AttacheError; identity: string | null }> {
  const text = { sql: 'SELECT 1', location: rest.settings.location ?? null };
  try {
    return { mayQuery: true, identity: (await dryRun(rest, text, `running a query as ${payer}`)).identity };
  } catch (thrown) {
    if (!isForbidden(thrown)) throw thrown;
    return { mayQuery: thrown as AttacheError, identity: null };
  }
}

/** Who may not let the project pay needs another remedy than who may not run queries. */
function mayNotQuery(who: string, payer: string, refusal: AttacheError): string {
  const remedy = refusal.hint?.includes('billing_project')
    ? refusal.hint
    : `Grant it roles/bigquery.jobUser on ${payer}.`;
  return `${who} may not run queries as ${payer}, which views, external tables, partitions and options.sql need. ${remedy}`;
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
