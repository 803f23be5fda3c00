/** The rows of what belongs to one issue: comments, worklogs, attachments, changelog, remote links. */
import type { SiteContext } from '../context.ts';
import type { Attachment, Comment, History, Issue, RemoteLink, Worklog } from '../model/records.ts';
import { contentUrl } from '../shapes/parts.ts';
import { moment, person, type Row } from './row.ts';

const owner = (issue: Issue): Row => ({ issue_id: String(issue.id), issue_key: issue.key });

export function commentRow(context: SiteContext, issue: Issue, comment: Comment): Row {
  return {
    comment_id: String(comment.id),
    ...owner(issue),
    ...person(context, 'author', comment.authorId),
    ...person(context, 'update_author', comment.updateAuthorId),
    body: comment.body,
    created_at: moment(comment.created),
    updated_at: moment(comment.updated),
    public_visibility: context.options.flavour === 'cloud' ? comment.isPublic : null,
  };
}

export function worklogRow(context: SiteContext, issue: Issue, worklog: Worklog): Row {
  return {
    worklog_id: String(worklog.id),
    ...owner(issue),
    ...person(context, 'author', worklog.authorId),
    ...person(context, 'update_author', worklog.updateAuthorId),
    comment: worklog.comment,
    started_at: moment(worklog.started),
    time_spent_seconds: worklog.seconds,
    created_at: moment(worklog.created),
    updated_at: moment(worklog.updated),
  };
}

export function attachmentRow(context: SiteContext, issue: Issue, attachment: Attachment): Row {
  const view = context.webhookView(context.state.users.get(attachment.authorId)!);
  const isImage = attachment.mimeType.startsWith('image/');
  return {
    attachment_id: String(attachment.id),
    ...owner(issue),
    filename: attachment.filename,
    size_bytes: attachment.size,
    mime_type: attachment.mimeType,
    ...person(context, 'author', attachment.authorId),
    created_at: moment(attachment.created),
    content_url: contentUrl(view, attachment, 'content'),
    thumbnail_url: isImage ? contentUrl(view, attachment, 'thumbnail') : null,
  };
}

/** One row per item: `change_id` alone is not unique. */
export function changelogRows(context: SiteContext, issue: Issue, history: History): Row[] {
  return history.items.map((item, position) => ({
    change_id: String(history.id),
    item_position: position,
    ...owner(issue),
    ...person(context, 'author', history.authorId),
    field_name: item.field,
    field_type: item.fieldtype,
    field_id: item.fieldId ?? null,
    from_id: item.from,
    from_value: item.fromText,
    to_id: item.to,
    to_value: item.toText,
    changed_at: moment(history.at),
  }));
}

export function remoteLinkRow(issue: Issue, link: RemoteLink): Row {
  return {
    ...owner(issue),
    remote_link_id: String(link.id),
    url: link.url,
    title: link.title,
    application_name: link.applicationName,
    application_type: link.applicationType,
  };
}
