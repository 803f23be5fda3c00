/** Jira, pushed: its webhooks keep the tables live, and with credentials its REST side brings what they do not tell. */
import { defineConnector } from '../connector.ts';
import { secretWarnings, signingSecrets } from '../signature.ts';
import { tableOptions } from '../table-options.ts';
import { admit } from './envelope.ts';
import { interpret } from './interpret.ts';
import { poll, whoAmI } from './rest/poll.ts';
import { type JiraSettings, jiraSettings } from './settings.ts';
import { tables } from './tables.ts';
import { verify } from './verify.ts';

export const jira = defineConnector<JiraSettings>({
  type: 'jira',
  title: 'Jira',
  summary: 'Issues, comments, worklogs and history, live in seconds by webhooks.',
  settings: jiraSettings,
  options: tableOptions.pick({}),
  serves: { cursor: false, partitions: false, where: false, columns: false, changes: false, remote: false },
  flat: true,
  check: async (context) => {
    const waits = `Waits for signed events at /webhooks/${context.source}`;
    const warnings = secretWarnings(() => signingSecrets(context));
    if (context.settings.token_env === undefined) {
      warnings.push('Without credentials nothing that an event did not tell can be found.');
      return { summary: `${waits}.`, facts: { asks: false }, warnings };
    }
    const name = await whoAmI(context);
    return { summary: `${waits}; asks as ${name}.`, facts: { asks: true }, warnings };
  },
  discover: async () => [],
  receive: {
    verify,
    admit,
    interpret,
    tables,
    ownTables: ({ prefix }) => ({ events: `${prefix}events`, progress: `${prefix}ingest` }),
    poll,
    bodyLimit: ({ max_body }) => max_body,
  },
});
