/** The changelog item of each field: ids in `from`/`to`, what people read in `fromString`/`toString`. */
import { entry, priorities, resolutions, statuses } from '../model/catalogue.ts';
import { customField, epicLinkField, sprintField } from '../model/custom-fields.ts';
import type { ChangeItem, CustomValue } from '../model/records.ts';
import type { SiteState } from '../model/state.ts';

type Text = string | null;

export function item(field: string, fieldId: string | undefined, from: [Text, Text], to: [Text, Text]): ChangeItem {
  const [fromId, fromText] = from;
  const [toId, toText] = to;
  const base = { field, fieldtype: 'jira' as const, from: fromId, fromText, to: toId, toText };
  return fieldId === undefined ? base : { ...base, fieldId };
}

/** A field whose text is its own value. */
export function textItem(field: string, fieldId: string, from: Text, to: Text): ChangeItem {
  return item(field, fieldId, [null, from], [null, to]);
}

export function statusItem(from: number, to: number): ChangeItem {
  const side = (id: number): [Text, Text] => [String(id), entry(statuses, id).name];
  return item('status', 'status', side(from), side(to));
}

export function priorityItem(from: number, to: number): ChangeItem {
  const side = (id: number): [Text, Text] => [String(id), entry(priorities, id).name];
  return item('priority', 'priority', side(from), side(to));
}

export function resolutionItem(from: number | null, to: number | null): ChangeItem {
  const side = (id: number | null): [Text, Text] => [
    id === null ? null : String(id),
    id === null ? null : entry(resolutions, id).name,
  ];
  return item('resolution', 'resolution', side(from), side(to));
}

export function personItem(state: SiteState, field: 'assignee' | 'reporter', from: Text, to: Text): ChangeItem {
  const side = (id: Text): [Text, Text] => [id, id === null ? null : (state.users.get(id)?.displayName ?? null)];
  return item(field, field, side(from), side(to));
}

/** One item per thing that came or went, as for components, versions, links and attachments. */
export function setItems(
  field: string,
  fieldId: string,
  from: readonly number[],
  to: readonly number[],
  name: (id: number) => string,
): ChangeItem[] {
  const gone = from.filter((id) => !to.includes(id)).map((id) => presence(field, fieldId, id, name(id), 'gone'));
  const come = to.filter((id) => !from.includes(id)).map((id) => presence(field, fieldId, id, name(id), 'come'));
  return [...gone, ...come];
}

export function presence(
  field: string,
  fieldId: string,
  id: number | string,
  text: string,
  what: 'come' | 'gone',
): ChangeItem {
  const side: [Text, Text] = [String(id), text];
  return what === 'come' ? item(field, fieldId, [null, null], side) : item(field, fieldId, side, [null, null]);
}

export function sprintItem(state: SiteState, from: readonly number[], to: readonly number[]): ChangeItem {
  const names = (ids: readonly number[]) => ids.map((id) => state.sprints.get(id)?.name ?? '').join(', ');
  const sides = [from, to].map((ids): [Text, Text] => [ids.join(', '), names(ids)]);
  return { ...item('Sprint', sprintField, sides[0]!, sides[1]!), fieldtype: 'custom' };
}

export function epicItem(state: SiteState, from: number | null, to: number | null): ChangeItem {
  const side = (id: number | null): [Text, Text] =>
    id === null ? [null, null] : [String(id), state.issues.get(id)?.key ?? null];
  return { ...item('Epic Link', epicLinkField, side(from), side(to)), fieldtype: 'custom' };
}

export function customItem(fieldId: string, from: CustomValue, to: CustomValue): ChangeItem {
  const text = (value: CustomValue) =>
    value === null ? null : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const name = customField(fieldId)?.name ?? fieldId;
  return { ...textItem(name, fieldId, text(from), text(to)), fieldtype: 'custom' };
}
