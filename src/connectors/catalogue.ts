/** Every connector by its type, loaded only when asked for, so that one source does not bring the libraries of all. */
import { AttacheError } from '../errors/attache-error.ts';
import type { Connector } from './connector.ts';

const loaders: Record<string, () => Promise<Connector>> = {
  bigquery: async () => (await import('./bigquery/bigquery.ts')).bigquery,
  csv: async () => (await import('./csv/csv.ts')).csv,
  duckdb: async () => (await import('./duckdb/duckdb.ts')).duckdb,
  keboola: async () => (await import('./keboola/keboola.ts')).keboola,
  jira: async () => (await import('./jira/jira.ts')).jira,
  postgres: async () => (await import('./postgres/postgres.ts')).postgres,
  webhook: async () => (await import('./webhook/webhook.ts')).webhook,
};

/** The types a source may have, in alphabetical order. */
export const connectorTypes: readonly string[] = Object.keys(loaders).sort();

/** The connector of a type, or an error that lists the types there are. */
export async function loadConnector(type: string): Promise<Connector> {
  const load = Object.hasOwn(loaders, type) ? loaders[type] : undefined;
  if (load !== undefined) return load();
  throw new AttacheError('config_invalid', {
    message: `There is no connector of the type ${JSON.stringify(type)}.`,
    hint: `Choose one of: ${connectorTypes.join(', ')}.`,
  });
}
