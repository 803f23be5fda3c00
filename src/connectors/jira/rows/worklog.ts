/** Work logged on an issue; its event names the issue by id alone. */
import type { ReceivedChange } from '../../receive-way.ts';
import { changedAt, type Evidence, row } from '../evidence.ts';
import { idAt, member, numberAt, textAt } from '../json.ts';
import { richText } from '../text/rich-text.ts';
import { readMoment, utcText } from '../times.ts';
import { person } from './person.ts';

export function worklogRows(evidence: Evidence, worklog: unknown, issueId: string | null = null): ReceivedChange[] {
  const id = idAt(worklog);
  if (id === null) return [];
  return [
    row(evidence, 'worklogs', id, changedAt(readMoment(textAt(worklog, 'updated')), evidence), {
      issue_id: idAt(worklog, 'issueId') ?? issueId,
      ...person('author', member(worklog, 'author')),
      ...person('update_author', member(worklog, 'updateAuthor')),
      comment: richText(member(worklog, 'comment')).markup,
      started_at: utcText(textAt(worklog, 'started')),
      time_spent_seconds: numberAt(worklog, 'timeSpentSeconds'),
      created_at: utcText(textAt(worklog, 'created')),
      updated_at: utcText(textAt(worklog, 'updated')),
    }),
  ];
}
