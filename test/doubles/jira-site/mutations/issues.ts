/** Changes of issues: create, edit, transition, move, delete, and the same edit over many at once. */
import type { SiteContext } from '../context.ts';
import { entry, statuses } from '../model/catalogue.ts';
import type { Issue, Project } from '../model/records.ts';
import { resolutionItem, statusItem } from './change-items.ts';
import { createIssue, type NewIssue } from './create-issue.ts';
import { deleteIssue } from './delete-issue.ts';
import { applyPatch, type IssuePatch } from './issue-patch.ts';
import { moveIssue } from './move-issue.ts';
import { actorOf, assertEditable, type By, changeIssue } from './recording.ts';

export function issueMutations(context: SiteContext) {
  return {
    create: (fields: NewIssue): Issue => createIssue(context, fields),
    /** Changes fields; nothing is sent when nothing differs. */
    edit: (issue: Issue, patch: IssuePatch, { by }: By = {}): void => editIssue(context, issue, patch, by, false),
    transition: (issue: Issue, statusId: number, { by }: By = {}): void => transition(context, issue, statusId, by),
    /** To another project: the id stays, the key changes; sub-tasks go along. */
    move: (issue: Issue, to: Project, { by }: By = {}): void => moveIssue(context, issue, to, by),
    delete: (issue: Issue, { by }: By = {}): void => deleteIssue(context, issue, by),
    /** One bulk operation: many events, all Secondary, all with `bulkOperationMetaData`. */
    bulkEdit: (issues: readonly Issue[], patch: IssuePatch, { by }: By = {}): void => {
      for (const issue of issues) editIssue(context, issue, patch, by, true);
    },
  };
}

function editIssue(context: SiteContext, issue: Issue, patch: IssuePatch, by: string | undefined, bulk: boolean) {
  assertEditable(context, issue);
  const actor = actorOf(context, by);
  const items = applyPatch(context.state, issue, patch);
  if (items.length === 0) return;
  const onlyAssignee = items.every((item) => item.fieldId === 'assignee');
  const typeName = onlyAssignee ? 'issue_assigned' : 'issue_updated';
  changeIssue(context, { issue, at: context.clock.tick(), actor, items, typeName }, { bulk });
}

const transitionNames = { new: 'issue_reopened', indeterminate: 'issue_work_started', done: 'issue_resolved' } as const;

function transition(context: SiteContext, issue: Issue, statusId: number, by?: string): void {
  assertEditable(context, issue);
  if (issue.statusId === statusId) return;
  const actor = actorOf(context, by);
  const at = context.clock.tick();
  const { category } = entry(statuses, statusId);
  const items = [statusItem(issue.statusId, statusId)];
  const resolutionId = category === 'done' ? 10000 : null;
  if (issue.resolutionId !== resolutionId) items.push(resolutionItem(issue.resolutionId, resolutionId));
  if (issue.resolutionId !== resolutionId) issue.resolved = resolutionId === null ? null : at;
  Object.assign(issue, { statusId, resolutionId });
  const typeName = issue.id % 2 === 0 ? 'issue_generic' : transitionNames[category];
  changeIssue(context, { issue, at, actor, items, typeName });
}
