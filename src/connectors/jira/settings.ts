/** What the operator writes of a Jira source. */
import { z } from 'zod';
import { identityFault } from '../../contract/identity.ts';

const columnName = z.string().refine((text) => identityFault(text) === null, {
  error: 'expected a column name such as story_points',
});

const promotion = z.strictObject({
  column: columnName.describe('The column it becomes.'),
  type: z.enum(['VARCHAR', 'BIGINT', 'DOUBLE', 'BOOLEAN', 'TIMESTAMP', 'DATE']).default('VARCHAR'),
});

const customField = z.string().regex(/^customfield_\d+$/, { error: 'expected a field id, e.g. customfield_10016' });

export const jiraSettings = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'expected the address of the site, e.g. https://acme.atlassian.net' })
      .describe('Address of the site; events of any other are kept aside.'),
    deployment: z.enum(['cloud', 'server']).default('cloud').describe('Jira Cloud, or Server and Data Center.'),
    secret_env: z.string().min(1).optional().describe('Environment variable with the secret of the webhook.'),
    secrets_env: z.array(z.string().min(1)).min(1).optional().describe('Several, while one secret replaces another.'),
    prefix: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,20}$/, { error: 'expected the beginning of a table name, e.g. jira_' })
      .default('jira_')
      .describe('Stands before every table name.'),
    custom_fields: z
      .record(customField, promotion)
      .default({})
      .describe('Custom fields that become columns of the issues; the JSON column keeps all of them.'),
    sprint_field: customField.default('customfield_10020').describe('The field with the sprints of an issue.'),
    epic_field: customField.default('customfield_10014').describe('The field with the key of the epic.'),
    email: z
      .string()
      .min(3)
      .optional()
      .describe('Cloud: the account whose API token asks for what events do not tell.'),
    token_env: z
      .string()
      .min(1)
      .optional()
      .describe('Environment variable with its API token, or on Server its personal access token.'),
    gateway_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Cloud: address for scoped tokens, https://api.atlassian.com/ex/jira/{cloudId}.'),
    reconcile_minutes: z
      .number()
      .int()
      .min(1)
      .max(1_440)
      .default(15)
      .describe('How often missed changes are looked for.'),
    requests_per_second: z.number().min(0.1).max(100).default(5).describe('Most requests a second.'),
    max_body: z.number().int().min(1_024).max(26_214_400).default(5_242_880).describe('Largest event in bytes.'),
    max_age_hours: z.number().min(1).max(720).default(24).describe('Older events are kept aside.'),
  })
  .refine(({ secret_env, secrets_env }) => secret_env !== undefined || secrets_env !== undefined, {
    error: 'missing: secret_env or secrets_env',
    path: ['secret_env'],
  });

export type JiraSettings = z.infer<typeof jiraSettings>;
