/** The columns every table of issues has, whatever fields are promoted beside them. */
import type { ReceivedColumn } from '../receive-way.ts';
import { counts, person, text, times } from './columns.ts';

export const issueColumns: readonly ReceivedColumn[] = [
  ...text(
    'issue_id',
    'issue_key',
    'issue_url',
    'summary',
    'description',
    'description_text',
    'issue_type',
    'status',
    'status_category',
    'priority',
    'resolution',
    'project_id',
    'project_key',
    'project_name',
  ),
  ...person('creator'),
  ...person('reporter'),
  ...person('assignee'),
  ...times('created_at', 'updated_at', 'resolved_at'),
  { name: 'due_date', type: 'DATE' },
  ...text('labels'),
  ...counts('attachment_count', 'comment_count', 'issuelink_count'),
  ...text('parent_id'),
  { name: 'epic_ref', type: 'VARCHAR', internal: true },
  { name: 'epic_told_id', type: 'VARCHAR', internal: true },
  ...text(
    'epic_id',
    'epic_key',
    'component_ids',
    'fix_version_ids',
    'affected_version_ids',
    'sprint_ids',
    'custom_fields',
  ),
];

/** No field of Jira can be promoted to a column of this name. */
export const misfitMark = '~misfit';

/** They stand behind the promoted fields. */
export const issueMarks: readonly ReceivedColumn[] = [
  { name: '_hydrated', type: 'BOOLEAN' },
  { name: misfitMark, type: 'BOOLEAN', internal: true },
];
