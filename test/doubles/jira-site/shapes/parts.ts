/** The parts of an issue that have their own id: comments, worklogs, attachments. */
import { toAdf } from '../model/adf.ts';
import type { Attachment, Comment, Json, Worklog } from '../model/records.ts';
import { jiraTime } from '../model/times.ts';
import { userOrNull } from './user.ts';
import { restUrl, type View } from './view.ts';

export function richText(view: View, wiki: string | null): string | Json | null {
  return view.api === '3' && wiki !== null ? toAdf(wiki) : wiki;
}

export function commentShape(view: View, comment: Comment): Json {
  return {
    self: restUrl(view, `issue/${comment.issueId}/comment/${comment.id}`),
    id: String(comment.id),
    author: userOrNull(view, comment.authorId),
    body: richText(view, comment.body),
    updateAuthor: userOrNull(view, comment.updateAuthorId),
    created: jiraTime(comment.created, view.offsetMinutes),
    updated: jiraTime(comment.updated, view.offsetMinutes),
    ...(view.flavour === 'cloud' && comment.isPublic !== null ? { jsdPublic: comment.isPublic } : {}),
  };
}

export function worklogShape(view: View, worklog: Worklog): Json {
  return {
    self: restUrl(view, `issue/${worklog.issueId}/worklog/${worklog.id}`),
    author: userOrNull(view, worklog.authorId),
    updateAuthor: userOrNull(view, worklog.updateAuthorId),
    comment: richText(view, worklog.comment),
    created: jiraTime(worklog.created, view.offsetMinutes),
    updated: jiraTime(worklog.updated, view.offsetMinutes),
    started: jiraTime(worklog.started, view.offsetMinutes),
    timeSpent: spell(worklog.seconds),
    timeSpentSeconds: worklog.seconds,
    id: String(worklog.id),
    issueId: String(worklog.issueId),
  };
}

/** `1h 30m` */
function spell(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
  ].filter(([size]) => size !== 0);
  return parts.map(([size, unit]) => `${size}${unit}`).join(' ') || '0m';
}

export function attachmentShape(view: View, attachment: Attachment): Json {
  const content = contentUrl(view, attachment, 'content');
  const isImage = attachment.mimeType.startsWith('image/');
  return {
    self: restUrl(view, `attachment/${attachment.id}`),
    id: String(attachment.id),
    filename: attachment.filename,
    author: userOrNull(view, attachment.authorId),
    created: jiraTime(attachment.created, view.offsetMinutes),
    size: attachment.size,
    mimeType: attachment.mimeType,
    content,
    ...(isImage ? { thumbnail: contentUrl(view, attachment, 'thumbnail') } : {}),
  };
}

/** Cloud serves files through its API, Server under `/secure`. */
export function contentUrl(view: View, attachment: Attachment, kind: 'content' | 'thumbnail'): string {
  if (view.flavour === 'cloud') return restUrl(view, `attachment/${kind}/${attachment.id}`);
  const folder = kind === 'content' ? 'attachment' : 'thumbnail';
  return `${view.siteUrl}/secure/${folder}/${attachment.id}/${encodeURIComponent(attachment.filename)}`;
}

/** A page as issues embed it: `total` says what is missing. */
export function page(name: string, all: readonly Json[], startAt: number, maxResults: number): Json {
  return { startAt, maxResults, total: all.length, [name]: all.slice(startAt, startAt + maxResults) };
}
