/** A move to another project: the id stays; project, key and everything that belonged to the old project change. */
import type { SiteContext } from '../context.ts';
import type { Flow } from '../delivery/delivery.ts';
import type { ChangeItem, Issue, Project } from '../model/records.ts';
import { must, subtasksOf } from '../model/state.ts';
import { item, statusItem } from './change-items.ts';
import { applyPatch } from './issue-patch.ts';
import { actorOf, assertEditable, changeIssue } from './recording.ts';

export function moveIssue(context: SiteContext, issue: Issue, to: Project, by?: string): void {
  assertEditable(context, issue);
  if (issue.parentId !== null) throw new Error(`${issue.key} is a sub-task and moves only with its parent`);
  if (to.state !== 'live') throw new Error(`Project ${to.key} is ${to.state}`);
  if (to.id === issue.projectId) return;
  moveOne(context, issue, to, by, 'Primary');
  for (const child of subtasksOf(context.state, issue.id)) moveOne(context, child, to, by, 'Secondary');
}

function moveOne(context: SiteContext, issue: Issue, to: Project, by: string | undefined, flow: Flow): void {
  const actor = actorOf(context, by);
  const from = must(context.state.projects, issue.projectId, 'project');
  const at = context.clock.tick();
  const oldKey = issue.key;
  const items: ChangeItem[] = [
    item('project', 'project', [String(from.id), from.name], [String(to.id), to.name]),
    statusItem(issue.statusId, issue.statusId),
    item('Workflow', undefined, [String(from.id + 500), `${from.key} flow`], [String(to.id + 500), `${to.key} flow`]),
    ...applyPatch(context.state, issue, { componentIds: [], fixVersionIds: [], affectedVersionIds: [] }),
  ];
  issue.projectId = to.id;
  issue.key = keyIn(context, issue, to);
  items.push(item('Key', undefined, [null, oldKey], [null, issue.key]));
  changeIssue(context, { issue, at, actor, items, typeName: 'issue_moved' }, { flow });
}

/** An issue that returns to a project gets its old key back; keys are never given to another issue. */
function keyIn(context: SiteContext, issue: Issue, project: Project): string {
  const known = issue.keys.find((key) => key.startsWith(`${project.key}-`));
  if (known) return known;
  project.counter += 1;
  const key = `${project.key}-${project.counter}`;
  issue.keys.push(key);
  context.state.keys.set(key, issue.id);
  return key;
}
