/** The tables of Jira as one table for people, made from what the connector publishes. */
import { jiraSettings } from '../../src/connectors/jira/settings.ts';
import { tables } from '../../src/connectors/jira/tables.ts';
import { eventsTable } from '../../src/receive/interpret-frames.ts';
import { table } from './settings-page.ts';

const short: Record<string, string> = {
  VARCHAR: '',
  TIMESTAMP: ' time',
  BIGINT: ' number',
  BOOLEAN: ' yes/no',
  DATE: ' date',
};

export function jiraTables(): string {
  const settings = jiraSettings.parse({ url: 'https://acme.atlassian.net', secret_env: 'S' });
  const rows = [...tables(settings), eventsTable('jira_events')].map(({ id, description, primary_key, columns }) => [
    `\`${id}\``,
    description,
    columns
      .filter(({ internal }) => internal !== true)
      .map(({ name, type }) => (primary_key.includes(name) ? `**${name}**` : name) + (short[type] ?? ` ${type}`))
      .join(', '),
  ]);
  return table(['table', 'what it holds', 'columns; the key is bold'], rows);
}
