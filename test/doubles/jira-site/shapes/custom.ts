/** Values of custom fields as Jira writes them, by the kind of the field. */
import { type CustomField, customFields, emptyFields, epicLinkField, sprintField } from '../model/custom-fields.ts';
import type { CustomValue, Issue, Json } from '../model/records.ts';
import { jiraTime } from '../model/times.ts';
import { richText } from './parts.ts';
import { issueSprintShape } from './planning.ts';
import { userOrNull } from './user.ts';
import { restUrl, type View } from './view.ts';

/** Writes into the given fields: copying two hundred keys again and again is what such bodies would cost most. */
export function writeCustomFields(view: View, issue: Issue, shapes: Json): Json {
  for (const field of customFields) shapes[field.id] = customShape(view, field, issue.custom[field.id] ?? null);
  for (const [id, value] of Object.entries(issue.custom)) {
    if (!(id in shapes)) shapes[id] = rawOr(value, value);
  }
  const sprints = issue.sprintIds.flatMap((id) => view.state.sprints.get(id) ?? []);
  shapes[sprintField] = sprints.length === 0 ? null : sprints.map((sprint) => issueSprintShape(view, sprint));
  shapes[epicLinkField] = issue.epicId === null ? null : (view.state.issues.get(issue.epicId)?.key ?? null);
  for (const id of emptyFields) shapes[id] ??= null;
  return shapes;
}

function customShape(view: View, field: CustomField, value: CustomValue): unknown {
  if (value === null) return null;
  return rawOr(value, () => kindShape(view, field, value as string | number | string[]));
}

function rawOr(value: CustomValue, otherwise: unknown): unknown {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value.raw;
  return typeof otherwise === 'function' ? (otherwise as () => unknown)() : otherwise;
}

function kindShape(view: View, field: CustomField, value: string | number | string[]): unknown {
  if (field.kind === 'option') return option(view, String(value));
  if (field.kind === 'options') return (value as string[]).map((text) => option(view, text));
  if (field.kind === 'user') return userOrNull(view, String(value));
  if (field.kind === 'moment') return jiraTime(Number(value), view.offsetMinutes);
  if (field.kind === 'paragraph') return richText(view, String(value));
  return value;
}

function option(view: View, value: string): Json {
  const id = String(11_000 + [...value].reduce((sum, letter) => sum + letter.codePointAt(0)!, 0));
  return { self: restUrl(view, `customFieldOption/${id}`), value, id };
}
