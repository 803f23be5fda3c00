/** Attachments: their events do not say whose they are; the issue's update does. */
import { emitAttachment } from '../bodies/parts.ts';
import type { SiteContext } from '../context.ts';
import type { Attachment, Issue } from '../model/records.ts';
import { must } from '../model/state.ts';
import { presence } from './change-items.ts';
import { newAttachment } from './create-issue.ts';
import { actorOf, assertEditable, type By, changeIssue } from './recording.ts';

export function attachmentMutations(context: SiteContext) {
  const tell = (issue: Issue, attachment: Attachment, what: 'come' | 'gone', at: number, by?: string) => {
    const actor = actorOf(context, by);
    emitAttachment(context, what === 'come' ? 'created' : 'deleted', attachment, { actor, at });
    const items = [presence('Attachment', 'attachment', attachment.id, attachment.filename, what)];
    changeIssue(context, { issue, at, actor, items, typeName: 'issue_updated' });
  };
  return {
    add: (issue: Issue, file: { filename: string; size?: number; mimeType?: string }, { by }: By = {}): Attachment => {
      assertEditable(context, issue);
      const at = context.clock.tick();
      const attachment = newAttachment(context, issue.id, actorOf(context, by).accountId, at, file);
      issue.attachments.push(attachment);
      tell(issue, attachment, 'come', at, by);
      return attachment;
    },
    delete: (attachment: Attachment, { by }: By = {}): void => {
      const issue = must(context.state.issues, attachment.issueId, 'issue');
      assertEditable(context, issue);
      issue.attachments = issue.attachments.filter((held) => held.id !== attachment.id);
      tell(issue, attachment, 'gone', context.clock.tick(), by);
    },
  };
}
