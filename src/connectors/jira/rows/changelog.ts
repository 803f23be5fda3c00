/** The history of an issue: in an event one change, in REST pages of them. A `Key` item tells of an old key. */
import type { ReceivedChange } from '../../receive-way.ts';
import { type Evidence, row, toldAt } from '../evidence.ts';
import { asList, idAt, member, textAt } from '../json.ts';
import { momentText } from '../times.ts';
import { keyRow } from './issue.ts';
import { person } from './person.ts';

export function changeRows(
  evidence: Evidence,
  issueId: string,
  change: { id: string | null; items: unknown; author: unknown; at: number | null },
): ReceivedChange[] {
  if (change.id === null) return [];
  const id = change.id;
  return asList(change.items).flatMap((item, position) => [
    row(evidence, 'changelog', [id, String(position)], toldAt(evidence), {
      issue_id: issueId,
      ...person('author', change.author),
      field_name: textAt(item, 'field'),
      field_type: textAt(item, 'fieldtype'),
      field_id: idAt(item, 'fieldId'),
      from_id: textAt(item, 'from'),
      from_value: textAt(item, 'fromString'),
      to_id: textAt(item, 'to'),
      to_value: textAt(item, 'toString'),
      changed_at: momentText(change.at),
    }),
    ...(member(item, 'field') === 'Key' ? oldKeys(evidence, issueId, item) : []),
  ]);
}

function oldKeys(evidence: Evidence, issueId: string, item: unknown): ReceivedChange[] {
  return ['fromString', 'toString'].flatMap((side) => {
    const key = textAt(item, side);
    return key === null || !/^[A-Za-z][A-Za-z0-9_]*-\d+$/.test(key) ? [] : [keyRow(evidence, issueId, key)];
  });
}
