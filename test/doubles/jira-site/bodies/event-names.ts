/** The 57 event names of the protocol, grouped by what they speak of. */
const of = (prefix: string, changes: string): string[] => changes.split(' ').map((change) => prefix + change);

export const eventNames: readonly string[] = [
  ...of('jira:issue_', 'created updated deleted'),
  ...of('issue_property_', 'set deleted'),
  ...of('comment_', 'created updated deleted'),
  ...of('worklog_', 'created updated deleted'),
  ...of('attachment_', 'created deleted'),
  ...of('issuelink_', 'created deleted'),
  ...of('issuetype_', 'created updated deleted'),
  ...of('filter_', 'created updated deleted'),
  ...of('user_', 'created updated deleted'),
  ...of('project_', 'created updated deleted soft_deleted restored_deleted archived restored_archived'),
  ...of('sprint_', 'created updated deleted started closed'),
  ...of('board_', 'created updated deleted configuration_changed'),
  ...of('jira:version_', 'created updated deleted released unreleased moved merged'),
  ...of(
    'option_',
    'voting_changed watching_changed unassigned_issues_changed subtasks_changed issuelinks_changed timetracking_changed timetracking_provider_changed',
  ),
  'app_access_to_objects_blocked',
  'app_access_to_objects_in_container_blocked',
  'jira_expression_evaluation_failed',
];
