/** Comments: each change sends the comment's event and an update of the issue without history. */
import { emitComment, type PartChange } from '../bodies/parts.ts';
import type { SiteContext } from '../context.ts';
import type { Comment, Issue } from '../model/records.ts';
import { must } from '../model/state.ts';
import { actorOf, assertEditable, type By, changeIssue } from './recording.ts';

const typeNames = {
  created: 'issue_commented',
  updated: 'issue_comment_edited',
  deleted: 'issue_comment_deleted',
} as const;

export function commentMutations(context: SiteContext) {
  return {
    add: (issue: Issue, body: string, { by, isPublic = true }: By & { isPublic?: boolean | null } = {}): Comment => {
      const author = actorOf(context, by).accountId;
      const at = context.clock.tick();
      const comment: Comment = {
        id: context.nextId('comment'),
        issueId: issue.id,
        authorId: author,
        updateAuthorId: author,
        body,
        created: at,
        updated: at,
        isPublic,
      };
      assertEditable(context, issue);
      issue.comments.push(comment);
      tell(context, 'created', issue, comment, at, by);
      return comment;
    },
    edit: (comment: Comment, change: { body?: string; isPublic?: boolean | null }, { by }: By = {}): void => {
      const issue = must(context.state.issues, comment.issueId, 'issue');
      assertEditable(context, issue);
      const at = context.clock.tick();
      Object.assign(comment, change, { updated: at, updateAuthorId: actorOf(context, by).accountId });
      tell(context, 'updated', issue, comment, at, by);
    },
    delete: (comment: Comment, { by }: By = {}): void => {
      const issue = must(context.state.issues, comment.issueId, 'issue');
      assertEditable(context, issue);
      issue.comments = issue.comments.filter((held) => held.id !== comment.id);
      tell(context, 'deleted', issue, comment, context.clock.tick(), by);
    },
  };
}

function tell(context: SiteContext, change: PartChange, issue: Issue, comment: Comment, at: number, by?: string): void {
  const actor = actorOf(context, by);
  emitComment(context, change, issue, comment, { actor, at });
  changeIssue(context, { issue, at, actor, items: [], typeName: typeNames[change] }, { comment });
}
