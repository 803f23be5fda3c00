/** Which fields of an issue were asked for. */
import type { Issue, Json } from '../model/records.ts';
import { jiraTime } from '../model/times.ts';
import { expandedChangelog } from '../shapes/changelog.ts';
import { issueShape } from '../shapes/issue.ts';
import { restUrl, type View } from '../shapes/view.ts';
import type { RestRequest } from './rest-context.ts';

export function readFieldChoice(request: RestRequest, usual: string[]): string[] {
  const given = request.body.fields ?? request.query.getAll('fields');
  const list = (Array.isArray(given) ? given : [given]).flatMap((entry) => String(entry).split(','));
  const named = list.map((name) => name.trim()).filter((name) => name !== '');
  return named.length > 0 ? named : usual;
}

export function readExpand(request: RestRequest): Set<string> {
  const given = request.body.expand ?? request.query.get('expand') ?? '';
  return new Set((Array.isArray(given) ? given.map(String) : String(given).split(',')).map((name) => name.trim()));
}

export const wantsAll = (fields: readonly string[]): boolean => fields.some((name) => name.startsWith('*'));

const light = new Set(['id', 'key', 'updated', 'created']);

/** An issue with the chosen fields; `newestComments` is how many the embed holds behind this door. */
export function chosenIssue(
  view: View,
  issue: Issue,
  fields: readonly string[],
  expand: Set<string>,
  newestComments: 'all' | number,
): Json {
  const changelog = expand.has('changelog') ? { changelog: expandedChangelog(view, issue.history) } : {};
  if (fields.every((name) => light.has(name))) return { ...lightIssue(view, issue, fields), ...changelog };
  const { fields: all, ...head } = issueShape(view, issue, { comments: newestComments, worklogs: true });
  return { expand: 'operations,changelog', ...head, fields: pick(all as Json, fields), ...changelog };
}

/** Enumerations ask for little, thousands at a time: drawn without the rest. */
function lightIssue(view: View, issue: Issue, fields: readonly string[]): Json {
  if (fields.length === 1 && fields[0] === 'id') return { id: String(issue.id) };
  const chosen = (['updated', 'created'] as const).filter((name) => fields.includes(name));
  return {
    expand: '',
    id: String(issue.id),
    self: restUrl(view, `issue/${issue.id}`),
    key: issue.key,
    ...(chosen.length > 0
      ? { fields: Object.fromEntries(chosen.map((name) => [name, jiraTime(issue[name], view.offsetMinutes)])) }
      : {}),
  };
}

function pick(all: Json, fields: readonly string[]): Json {
  const without = new Set(fields.filter((name) => name.startsWith('-')).map((name) => name.slice(1)));
  const everything = wantsAll(fields) || fields.every((name) => name.startsWith('-'));
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => !without.has(name) && (everything || fields.includes(name))),
  );
}
