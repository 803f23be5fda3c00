/** Events that change nothing the site holds: they are real, and a receiver must take them calmly. */
import type { SiteContext } from '../context.ts';
import type { Json } from '../model/records.ts';

const entities: readonly [RegExp, (url: string) => Json][] = [
  [/^issue_property_/, () => ({ property: { key: 'rank.hint', value: { weight: 3 } }, issue: { id: '10000' } })],
  [
    /^issuetype_/,
    (url) => ({ issuetype: { self: `${url}/rest/api/2/issuetype/10001`, id: 10001, name: 'Task', subtask: false } }),
  ],
  [/^filter_/, (url) => ({ filter: { self: `${url}/rest/api/2/filter/10400`, id: '10400', name: 'Mine', jql: '' } })],
  [/^option_/, () => ({ property: { key: 'jira.option.voting', value: 'true' } })],
  [/^app_access_/, () => ({ objects: ['10000'], reason: 'blocked by policy' })],
  [/^jira_expression_/, () => ({ expression: 'issue.summary.length', errors: ['undefined'] })],
];

/** Sends an event of any name; names the table above does not know get a body with a field of their own. */
export function emitOther(context: SiteContext, event: string, extra: Json = {}): void {
  const at = context.clock.tick();
  const known = entities.find(([pattern]) => pattern.test(event));
  const rest = known ? known[1](context.siteUrl()) : { subject: { id: 1 } };
  context.emit({
    event,
    at,
    entity: { kind: 'other', id: event },
    body: () => ({ timestamp: at, webhookEvent: event, ...rest, ...extra }),
  });
}
