/** What an operator may write of a Jira source: a setting that could not work, or would not be obeyed, is refused with what is wrong. */
import { expect, test } from 'vitest';
import { jira } from '../../../src/connectors/jira/jira.ts';

const sound = { url: 'https://acme.atlassian.net', secret_env: 'S' };

function faults(settings: Record<string, unknown>): string[] {
  const { error } = jira.settings.safeParse({ ...sound, ...settings });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const accepted: [string, Record<string, unknown>][] = [
  ['the least', {}],
  ['a site below a path', { url: 'https://jira.acme.com/jira', deployment: 'server' }],
  ['a double on this machine', { url: 'http://127.0.0.1:8080' }],
  ['a Server of the house without TLS', { url: 'http://jira.internal:8080', deployment: 'server' }],
  ['Cloud with an account and its token', { email: 'a@acme.com', token_env: 'T' }],
  ['Cloud with a scoped token', { gateway_url: 'https://api.atlassian.com/ex/jira/1', token_env: 'T' }],
  ['Server with a personal token', { deployment: 'server', token_env: 'T' }],
  ['Server with a name and a password', { deployment: 'server', email: 'reader', token_env: 'T' }],
  ['a promotion', { custom_fields: { customfield_1: { column: 'story_points', type: 'DOUBLE' } } }],
];

test.each(accepted)('%s is accepted', (_what, settings) => {
  expect(faults(settings)).toEqual([]);
});

const refused: [string, Record<string, unknown>, RegExp][] = [
  ['Cloud without TLS', { url: 'http://acme.atlassian.net' }, /^url: .*https/],
  ['another protocol', { url: 'ftp://acme.atlassian.net' }, /^url: .*https/],
  ['credentials in the address', { url: 'https://a:b@acme.atlassian.net' }, /^url: .*credentials/],
  ['a query in the address', { url: 'https://acme.atlassian.net/?x=1' }, /^url: .*alone/],
  [
    'a gateway without TLS',
    { gateway_url: 'http://api.atlassian.com/ex/jira/1', token_env: 'T' },
    /^gateway_url: .*https/,
  ],
  ['no secret', { secret_env: undefined }, /secret_env or secrets_env/],
  ['an account without a token', { email: 'a@acme.com' }, /^token_env: missing/],
  ['a gateway without a token', { gateway_url: 'https://api.atlassian.com/ex/jira/1' }, /^token_env: missing/],
  ['a token of Cloud without its account', { token_env: 'T' }, /^email: missing/],
  [
    'a gateway of Server',
    { deployment: 'server', gateway_url: 'https://x.example', token_env: 'T' },
    /^gateway_url: .*Cloud/,
  ],
  ['a prefix of capitals', { prefix: 'Jira_' }, /^prefix: /],
  [
    'a promotion onto a column there is',
    { custom_fields: { customfield_1: { column: 'summary' } } },
    /^custom_fields\.customfield_1\.column: .*summary/,
  ],
  [
    'a promotion onto a column kept within',
    { custom_fields: { customfield_1: { column: 'epic_ref' } } },
    /^custom_fields\.customfield_1\.column: .*epic_ref/,
  ],
  [
    'two promotions onto one column',
    { custom_fields: { customfield_1: { column: 'points' }, customfield_2: { column: 'points' } } },
    /^custom_fields\.customfield_2\.column: .*customfield_1/,
  ],
  ['a promotion of no type', { custom_fields: { customfield_1: { column: 'points', type: 'NUMBER' } } }, /type: /],
  ['a field that is none', { custom_fields: { story_points: { column: 'points' } } }, /^custom_fields\.story_points: /],
];

test.each(refused)('%s is refused', (_what, settings, fault) => {
  expect(faults(settings).join('\n')).toMatch(fault);
});
