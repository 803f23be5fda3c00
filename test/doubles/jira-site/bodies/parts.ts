/** `comment_*`, `worklog_*`, `attachment_*`: events of the parts of an issue, most of them without the issue. */
import type { Emission, SiteContext } from '../context.ts';
import type { Flow } from '../delivery/delivery.ts';
import type { Attachment, Comment, Issue, Json, User, Worklog } from '../model/records.ts';
import { stubShape } from '../shapes/issue.ts';
import { attachmentShape, commentShape, worklogShape } from '../shapes/parts.ts';
import { userShape } from '../shapes/user.ts';

export type PartChange = 'created' | 'updated' | 'deleted';

interface Circumstances {
  actor: User;
  at: number;
  flow?: Flow;
}

export function emitComment(
  context: SiteContext,
  change: PartChange,
  issue: Issue,
  comment: Comment,
  how: Circumstances,
): void {
  const event = `comment_${change}`;
  emitPart(context, how, event, { kind: 'comment', id: String(comment.id), issueId: String(issue.id) }, () => {
    const view = context.webhookView(how.actor);
    const { matchedWebhookIds } = context.options;
    const shape = commentShape(view, comment);
    if (view.flavour === 'cloud') {
      const dynamic = matchedWebhookIds.length > 0 ? { matchedWebhookIds } : {};
      return { comment: shape, issue: stubShape(view, issue), ...dynamic };
    }
    const withUser = change !== 'created' ? { user: userShape(view, how.actor) } : {};
    return { comment: shape, ...withUser };
  });
}

export function emitWorklog(context: SiteContext, change: PartChange, worklog: Worklog, how: Circumstances): void {
  const entity = { kind: 'worklog', id: String(worklog.id), issueId: String(worklog.issueId) };
  emitPart(context, how, `worklog_${change}`, entity, () => {
    const view = context.webhookView(how.actor);
    const odd = view.flavour === 'cloud' && change !== 'updated' ? { isFromIssueLimitTransformation: false } : {};
    return { worklog: worklogShape(view, worklog), ...odd };
  });
}

export function emitAttachment(
  context: SiteContext,
  change: 'created' | 'deleted',
  attachment: Attachment,
  how: Circumstances,
): void {
  const entity = { kind: 'attachment', id: String(attachment.id), issueId: String(attachment.issueId) };
  emitPart(context, how, `attachment_${change}`, entity, () => ({
    attachment: attachmentShape(context.webhookView(how.actor), attachment),
  }));
}

function emitPart(
  context: SiteContext,
  { at, flow }: Circumstances,
  event: string,
  entity: Emission['entity'],
  rest: () => Json,
): void {
  context.emit({
    event,
    at,
    flow: flow ?? 'Primary',
    entity,
    body: () => ({ timestamp: at, webhookEvent: event, ...rest() }),
  });
}
