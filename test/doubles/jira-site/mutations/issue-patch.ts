/** Compares a patch with an issue: writes what differs and names it as changelog items. */
import type { ChangeItem, CustomValue, Issue } from '../model/records.ts';
import type { SiteState } from '../model/state.ts';
import { customItem, epicItem, personItem, priorityItem, setItems, sprintItem, textItem } from './change-items.ts';

export interface IssuePatch {
  summary?: string;
  description?: string | null;
  priorityId?: number;
  assigneeId?: string | null;
  reporterId?: string | null;
  labels?: string[];
  dueDate?: string | null;
  componentIds?: number[];
  fixVersionIds?: number[];
  affectedVersionIds?: number[];
  sprintIds?: number[];
  epicId?: number | null;
  custom?: Record<string, CustomValue>;
}

type Key = keyof IssuePatch;
type Items = { [K in Exclude<Key, 'custom'>]-?: (state: SiteState, from: Issue[K], to: Issue[K]) => ChangeItem[] };

const items: Items = {
  summary: (_, from, to) => [textItem('summary', 'summary', from, to)],
  description: (_, from, to) => [textItem('description', 'description', from, to)],
  priorityId: (_, from, to) => [priorityItem(from, to)],
  assigneeId: (state, from, to) => [personItem(state, 'assignee', from, to)],
  reporterId: (state, from, to) => [personItem(state, 'reporter', from, to)],
  labels: (_, from, to) => [textItem('labels', 'labels', from.join(' '), to.join(' '))],
  dueDate: (_, from, to) => [textItem('duedate', 'duedate', from, to)],
  componentIds: (state, from, to) =>
    setItems('Component', 'components', from, to, (id) => state.components.get(id)?.name ?? ''),
  fixVersionIds: (state, from, to) =>
    setItems('Fix Version', 'fixVersions', from, to, (id) => state.versions.get(id)?.name ?? ''),
  affectedVersionIds: (state, from, to) =>
    setItems('Version', 'versions', from, to, (id) => state.versions.get(id)?.name ?? ''),
  sprintIds: (state, from, to) => [sprintItem(state, from, to)],
  epicId: (state, from, to) => [epicItem(state, from, to)],
};

export function applyPatch(state: SiteState, issue: Issue, patch: IssuePatch): ChangeItem[] {
  const changed: ChangeItem[] = [];
  for (const key of Object.keys(items) as Exclude<Key, 'custom'>[]) {
    if (patch[key] !== undefined) changed.push(...applyField(state, issue, key, patch[key]));
  }
  for (const [id, value] of Object.entries(patch.custom ?? {})) {
    const before = issue.custom[id] ?? null;
    if (same(before, value)) continue;
    issue.custom[id] = value;
    changed.push(customItem(id, before, value));
  }
  return changed;
}

function applyField<K extends Exclude<Key, 'custom'>>(
  state: SiteState,
  issue: Issue,
  key: K,
  to: IssuePatch[K],
): ChangeItem[] {
  const from = issue[key] as Issue[K];
  const next = to as unknown as Issue[K];
  if (same(from, next)) return [];
  const changed = items[key](state, from as never, next as never);
  issue[key] = next;
  return changed;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
