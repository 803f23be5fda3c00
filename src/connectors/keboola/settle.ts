/** Checks at registration that a table can be read as asked, and says what it will look like. */
import type { SettledTable } from '../connector.ts';
import type { TableRequest } from '../table-request.ts';
import type { Connection } from './connection.ts';
import { describeTable } from './describe-table.ts';
import { checkRemoteOptions } from './plan-remote.ts';
import { verifyProject } from './project.ts';
import { chosenColumns, withBackend } from './read-table.ts';
import { columnWarnings, publishedTypes } from './types/plan-columns.ts';
import { whereFilters } from './where-filters.ts';

export async function settleTable({ client, settings }: Connection, table: TableRequest): Promise<SettledTable> {
  checkRemoteOptions(table);
  const { project } = await verifyProject(client, settings);
  const source = withBackend(await describeTable(client, table), { project });
  const columns = chosenColumns(source, table.options.columns);
  whereFilters(source, table.options.where ?? [], new Date());
  const key = source.primaryKey.every((name) => columns.some((column) => column.name === name))
    ? source.primaryKey
    : [];
  const claims = columns.filter(({ declared }) => declared?.isClaim).length;
  return {
    options: table.options,
    columns: publishedTypes({ ...source, columns }),
    ...(table.primary_key.length === 0 && key.length > 0 ? { primary_key: key } : {}),
    notes: [
      ...columnWarnings(columns),
      claims > 0 && `types only claimed by metadata: ${claims}; a column whose values do not fit is kept as text`,
      table.sync_strategy === 'incremental' &&
        !source.keepsImportTimes &&
        `${source.id} is read in full each time: the service does not keep the times at which its rows were imported`,
    ].filter((note) => note !== false),
  };
}
