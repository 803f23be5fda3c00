/** Worklogs: the event names the issue by number only; the issue's update shows the time spent. */
import { emitLegacyWorklog } from '../bodies/issue.ts';
import { emitWorklog, type PartChange } from '../bodies/parts.ts';
import type { SiteContext } from '../context.ts';
import type { Issue, Worklog } from '../model/records.ts';
import { must } from '../model/state.ts';
import { textItem } from './change-items.ts';
import { actorOf, assertEditable, type By, changeIssue } from './recording.ts';

const typeNames = {
  created: 'issue_work_logged',
  updated: 'issue_worklog_updated',
  deleted: 'issue_worklog_deleted',
} as const;

export interface NewWork {
  seconds: number;
  comment?: string;
  started?: number;
}

export function worklogMutations(context: SiteContext) {
  return {
    add: (issue: Issue, work: NewWork, { by }: By = {}): Worklog => {
      assertEditable(context, issue);
      const author = actorOf(context, by).accountId;
      const at = context.clock.tick();
      const worklog: Worklog = {
        id: context.nextId('worklog'),
        issueId: issue.id,
        authorId: author,
        updateAuthorId: author,
        comment: work.comment ?? '',
        started: work.started ?? at - 3_600_000,
        seconds: work.seconds,
        created: at,
        updated: at,
      };
      change(context, 'created', issue, worklog, at, by, () => issue.worklogs.push(worklog));
      return worklog;
    },
    edit: (worklog: Worklog, patch: Partial<NewWork>, { by }: By = {}): void => {
      const issue = must(context.state.issues, worklog.issueId, 'issue');
      assertEditable(context, issue);
      const at = context.clock.tick();
      const updateAuthorId = actorOf(context, by).accountId;
      change(context, 'updated', issue, worklog, at, by, () =>
        Object.assign(worklog, patch, { updated: at, updateAuthorId }),
      );
    },
    delete: (worklog: Worklog, { by }: By = {}): void => {
      const issue = must(context.state.issues, worklog.issueId, 'issue');
      assertEditable(context, issue);
      const at = context.clock.tick();
      change(context, 'deleted', issue, worklog, at, by, () => {
        issue.worklogs = issue.worklogs.filter((held) => held.id !== worklog.id);
        context.state.deletedWorklogs.push({ id: worklog.id, at });
      });
    },
    /** Nothing changes; the old event of a worklog is sent. */
    sendLegacyUpdate: (issue: Issue, { by }: By = {}): void => emitLegacyWorklog(context, issue, actorOf(context, by)),
  };
}

function change(
  context: SiteContext,
  what: PartChange,
  issue: Issue,
  worklog: Worklog,
  at: number,
  by: string | undefined,
  apply: () => void,
): void {
  const actor = actorOf(context, by);
  const before = spent(issue);
  apply();
  emitWorklog(context, what, worklog, { actor, at });
  const items = [
    textItem('timespent', 'timespent', before, spent(issue)),
    { ...textItem('WorklogId', 'WorklogId', null, null), from: String(worklog.id), fromText: String(worklog.id) },
  ];
  changeIssue(context, { issue, at, actor, items, typeName: typeNames[what] });
}

function spent(issue: Issue): string {
  return String(issue.worklogs.reduce((sum, worklog) => sum + worklog.seconds, 0));
}
