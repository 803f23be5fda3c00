/** History entries: in a webhook one `changelog`, in REST pages of histories. */
import type { ChangeItem, History, Json } from '../model/records.ts';
import { jiraTime } from '../model/times.ts';
import { userOrNull } from './user.ts';
import type { View } from './view.ts';

/** The key `toString` is Jira's; objects here are written, never read, so the shadowed method does no harm. */
function changeItemShape(view: View, item: ChangeItem): Json {
  const isPerson = view.flavour === 'cloud' && (item.fieldId === 'assignee' || item.fieldId === 'reporter');
  return {
    field: item.field,
    fieldtype: item.fieldtype,
    ...(item.fieldId ? { fieldId: item.fieldId } : {}),
    from: item.from,
    fromString: item.fromText,
    to: item.to,
    toString: item.toText,
    ...(isPerson ? { tmpFromAccountId: item.from, tmpToAccountId: item.to } : {}),
  };
}

/** What stands in an issue event; the id is text there. */
export function eventChangelogShape(view: View, history: History): Json {
  return { id: String(history.id), items: history.items.map((item) => changeItemShape(view, item)) };
}

export function historyShape(view: View, history: History): Json {
  return {
    id: String(history.id),
    author: userOrNull(view, history.authorId),
    created: jiraTime(history.at, view.offsetMinutes),
    items: history.items.map((item) => changeItemShape(view, item)),
  };
}

/** `expand=changelog`: newest first; Cloud cuts it at 100 entries and says so only by `total`. */
export function expandedChangelog(view: View, histories: readonly History[]): Json {
  const newestFirst = [...histories].reverse();
  const maxResults = view.flavour === 'cloud' ? 100 : newestFirst.length;
  return {
    startAt: 0,
    maxResults,
    total: newestFirst.length,
    histories: newestFirst.slice(0, maxResults).map((history) => historyShape(view, history)),
  };
}
