/** Attachments. Their own events do not say whose they are; an issue's fields do. */
import type { ReceivedChange } from '../../receive-way.ts';
import { type Evidence, row, toldAt } from '../evidence.ts';
import { idAt, member, numberAt, textAt } from '../json.ts';
import { redactUrls } from '../text/redact-urls.ts';
import { utcText } from '../times.ts';
import { person } from './person.ts';

export function attachmentRows(evidence: Evidence, attachment: unknown, issueId: string | null): ReceivedChange[] {
  const id = idAt(attachment);
  if (id === null) return [];
  const url = (name: string) => {
    const found = textAt(attachment, name);
    // REST v3 names its own version; one form for all.
    return found === null ? null : redactUrls(found.replace('/rest/api/3/', '/rest/api/2/'));
  };
  return [
    row(evidence, 'attachments', id, toldAt(evidence), {
      filename: textAt(attachment, 'filename'),
      size_bytes: numberAt(attachment, 'size'),
      mime_type: textAt(attachment, 'mimeType'),
      ...person('author', member(attachment, 'author')),
      created_at: utcText(textAt(attachment, 'created')),
      content_url: url('content'),
      thumbnail_url: url('thumbnail'),
    }),
    ...(issueId === null ? [] : [row(evidence, 'attachments', id, '1', { issue_id: issueId }, 'owner')]),
  ];
}
