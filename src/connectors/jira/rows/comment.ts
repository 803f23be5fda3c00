/** Comments. On Server the issue stands only in the address of the comment. */
import type { ReceivedChange } from '../../receive-way.ts';
import { changedAt, type Evidence, row } from '../evidence.ts';
import { booleanAt, idAt, textAt } from '../json.ts';
import { richText } from '../text/rich-text.ts';
import { readMoment, sortable, utcText } from '../times.ts';
import { person } from './person.ts';

export function commentRows(evidence: Evidence, comment: unknown, issueId: string | null): ReceivedChange[] {
  const id = idAt(comment);
  if (id === null) return [];
  const body = richText((comment as Record<string, unknown>).body);
  const updated = readMoment(textAt(comment, 'updated'));
  const isPublic = booleanAt(comment, 'jsdPublic');
  return [
    row(evidence, 'comments', id, changedAt(updated, evidence), {
      issue_id: issueId ?? issueIn(textAt(comment, 'self')),
      ...person('author', (comment as Record<string, unknown>).author),
      ...person('update_author', (comment as Record<string, unknown>).updateAuthor),
      body: body.markup,
      body_text: body.plain,
      created_at: utcText(textAt(comment, 'created')),
      updated_at: utcText(textAt(comment, 'updated')),
    }),
    // Of one version of a comment a known visibility beats an unknown one; of a newer version nothing is assumed.
    row(
      evidence,
      'comments',
      id,
      `${sortable(updated ?? 0)}|${isPublic === null ? 0 : 1}|${sortable(evidence.at)}`,
      { public_visibility: isPublic },
      'visibility',
    ),
  ];
}

function issueIn(self: string | null): string | null {
  return /\/issue\/(\d+)\/comment\//.exec(self ?? '')?.[1] ?? null;
}
