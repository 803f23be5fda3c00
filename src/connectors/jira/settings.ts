/** What the operator writes of a Jira source. */
import { z } from 'zod';
import { identityFault } from '../../contract/identity.ts';
import { isLoopback } from '../machine-address.ts';
import { issueColumns, issueMarks } from './issue-columns.ts';

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
    url: z.string().describe('Address of the site; events of any other are kept aside.'),
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
      .string()
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
  .superRefine((settings, { addIssue }) => {
    for (const [name, message] of faults(settings)) addIssue({ code: 'custom', path: name.split('.'), message });
  });

type Written = {
  url: string;
  gateway_url?: string | undefined;
  deployment: 'cloud' | 'server';
  secret_env?: string | undefined;
  secrets_env?: readonly string[] | undefined;
  email?: string | undefined;
  token_env?: string | undefined;
  custom_fields: Readonly<Record<string, { column: string }>>;
};

/** What no single setting shows: pairs of a setting's name and what is wrong with it. */
function faults(settings: Written): [name: string, message: string][] {
  const { url, gateway_url, deployment, secret_env, secrets_env, email, token_env } = settings;
  const isCloud = deployment === 'cloud';
  const asks = email !== undefined || gateway_url !== undefined;
  const checks: [name: string, message: string | null][] = [
    ['url', addressFault(url, !isCloud)],
    ['gateway_url', gateway_url === undefined ? null : addressFault(gateway_url, false)],
    ['gateway_url', gateway_url === undefined || isCloud ? null : 'only Cloud has a gateway'],
    ['secret_env', (secret_env ?? secrets_env) ? null : 'missing: secret_env or secrets_env'],
    ['token_env', asks && token_env === undefined ? 'missing: nothing is asked for without a token' : null],
    ['email', isCloud && token_env !== undefined && !asks ? 'missing: the account the token belongs to' : null],
  ];
  const found = checks.filter((check): check is [string, string] => check[1] !== null);
  return [...found, ...promotionFaults(settings.custom_fields)];
}

/** Why an address cannot be used, or null. `plain`: it may do without TLS. */
function addressFault(text: string, plain: boolean): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
    return 'expected the address of the site, e.g. https://acme.atlassian.net';
  if (url.username !== '' || url.password !== '') return 'must not hold credentials; the token comes from token_env';
  if (url.search !== '' || url.hash !== '') return 'must be the address of the site alone';
  if (url.protocol === 'https:' || plain || isLoopback(url.hostname)) return null;
  return 'must begin with https:// (http only for Server and for this machine)';
}

function promotionFaults(promotions: Written['custom_fields']): [name: string, message: string][] {
  const owners = new Map([...issueColumns, ...issueMarks].map(({ name }) => [name, 'every issue']));
  return Object.entries(promotions).flatMap(([field, { column }]): [string, string][] => {
    const owner = owners.get(column);
    owners.set(column, owner ?? field);
    return owner === undefined ? [] : [[`custom_fields.${field}.column`, `${column} is a column of ${owner} already`]];
  });
}

export type JiraSettings = z.infer<typeof jiraSettings>;
