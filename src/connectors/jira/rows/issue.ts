/** An issue as rows: itself, its keys, and what its fields embed. */
import { jsonText } from '../../json-text.ts';
import type { ReceivedChange } from '../../receive-way.ts';
import { customFields, sprintIds } from '../custom-fields.ts';
import { changedAt, type Evidence, mentionedAt, row } from '../evidence.ts';
import { misfitMark } from '../issue-columns.ts';
import { asList, idAt, type JsonObject, member, objectAt, type Row, textAt } from '../json.ts';
import { richText } from '../text/rich-text.ts';
import { readMoment, utcText } from '../times.ts';
import { attachmentRows } from './attachment.ts';
import { commentRows } from './comment.ts';
import { embeddedLinkRows } from './link.ts';
import { person } from './person.ts';
import { embeddedComponentRows } from './planning.ts';
import { worklogRows } from './worklog.ts';

/** Whole issues tell when they were updated; the six fields of a comment's event do not. */
export function issueRows(evidence: Evidence, issue: unknown): ReceivedChange[] {
  const id = idAt(issue);
  const fields = objectAt(issue, 'fields');
  if (id === null || fields === null) return [];
  const key = idAt(issue, 'key');
  const updated = readMoment(fields.updated);
  const keys = key === null ? [] : [keyRow(evidence, id, key)];
  if (updated === null)
    return [
      row(evidence, 'issues', id, mentionedAt(evidence), { ...mention(evidence, key, fields), _hydrated: false }),
      ...keys,
    ];
  const whole = { ...mention(evidence, key, fields), ...rest(evidence, fields), _hydrated: true };
  return [
    row(evidence, 'issues', id, changedAt(updated, evidence), whole),
    ...keys,
    ...asList(fields.attachment).flatMap((one) => attachmentRows(evidence, one, id)),
    ...asList(fields.issuelinks).flatMap((one) => embeddedLinkRows(evidence, one, id)),
    ...asList(fields.components).flatMap((one) => embeddedComponentRows(evidence, one, idAt(fields.project))),
    ...asList(member(fields.comment, 'comments')).flatMap((one) => commentRows(evidence, one, id)),
    ...asList(member(fields.worklog, 'worklogs')).flatMap((one) => worklogRows(evidence, one, id)),
  ];
}

/** A key is given anew only where its project was deleted and its key taken by another: then the issue made last, whose id is greater, has it. */
export function keyRow(evidence: Evidence, issueId: string, key: string): ReceivedChange {
  return row(evidence, 'issue_keys', key, `1|${issueId.padStart(20, '0')}`, { issue_id: issueId });
}

function mention({ settings }: Evidence, key: string | null, fields: JsonObject): Row {
  const status = fields.status;
  return {
    issue_key: key,
    issue_url: key === null ? null : `${settings.url.replace(/\/+$/, '')}/browse/${inAddress(key)}`,
    summary: textAt(fields, 'summary'),
    issue_type: textAt(fields.issuetype, 'name'),
    status: textAt(status, 'name'),
    status_category: textAt(objectAt(status, 'statusCategory'), 'key'),
    priority: textAt(fields.priority, 'name'),
    project_id: idAt(fields.project),
    project_key: textAt(fields.project, 'key'),
    project_name: textAt(fields.project, 'name'),
    ...person('assignee', fields.assignee),
  };
}

/** Half an emoji in it is U+FFFD: encodeURIComponent throws on one. */
function inAddress(key: string): string {
  return encodeURIComponent(Buffer.from(key).toString());
}

function rest({ settings }: Evidence, fields: JsonObject): Row {
  const description = richText(fields.description);
  const { sprint_field, epic_field } = settings;
  const labels = jsonText(asList(fields.labels));
  const custom = customFields(fields, new Set([sprint_field, epic_field]));
  return {
    description: description.markup,
    description_text: description.plain,
    resolution: textAt(fields.resolution, 'name'),
    ...person('creator', fields.creator),
    ...person('reporter', fields.reporter),
    created_at: utcText(fields.created),
    updated_at: utcText(fields.updated),
    resolved_at: utcText(fields.resolutiondate),
    due_date: textAt(fields, 'duedate'),
    labels,
    parent_id: idAt(fields.parent),
    epic_ref: textAt(fields, epic_field) ?? (isEpic(fields.parent) ? textAt(fields.parent, 'key') : null),
    epic_told_id: isEpic(fields.parent) ? idAt(fields.parent) : null,
    component_ids: ids(fields.components),
    fix_version_ids: ids(fields.fixVersions),
    affected_version_ids: ids(fields.versions),
    sprint_ids: JSON.stringify(sprintIds(fields[sprint_field]) ?? []),
    custom_fields: custom.text,
    [misfitMark]: custom.isMisfit || labels === null,
  };
}

/** On Cloud the epic is the parent one level above. */
function isEpic(parent: unknown): boolean {
  const type = member(member(parent, 'fields'), 'issuetype');
  return member(type, 'hierarchyLevel') === 1 || textAt(type, 'name') === 'Epic';
}

function ids(list: unknown): string {
  return JSON.stringify(asList(list).flatMap((one) => idAt(one) ?? []));
}
