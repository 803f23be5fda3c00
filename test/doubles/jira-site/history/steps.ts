/** What can happen in a random history. Each step draws its subjects from what is there; with nothing fitting it does nothing. */
import { isOrdinaryLink } from '../model/links.ts';
import type { CustomValue, Issue, Project } from '../model/records.ts';
import { isEditable } from '../model/state.ts';
import type { JiraSite } from '../site.ts';
import type { Draw } from './draw.ts';

export type Step = (site: JiraSite, draw: Draw) => void;

const statusIds = [10000, 3, 10010, 10001];

export const liveProjects = (site: JiraSite): Project[] =>
  [...site.state.projects.values()].filter(({ state }) => state === 'live');

const editableIssues = (site: JiraSite): Issue[] =>
  [...site.state.issues.values()].filter((issue) => isEditable(site.state, issue));

/** Runs with one item of a list, or not at all. */
function withOne<T>(draw: Draw, items: readonly T[], run: (item: T) => void): void {
  const item = draw.pick(items);
  if (item !== undefined) run(item);
}

const withIssue = (run: (site: JiraSite, issue: Issue, draw: Draw) => void): Step => {
  return (site, draw) => withOne(draw, editableIssues(site), (issue) => run(site, issue, draw));
};

const personOrNobody = (site: JiraSite, draw: Draw): string | null =>
  draw.pick([null, ...[...site.state.users.values()].filter(({ deleted }) => !deleted).map((user) => user.accountId)])!;

const inProject = <T extends { projectId: number; id: number }>(parts: Map<number, T>, issue: Issue): number[] =>
  [...parts.values()].filter((part) => part.projectId === issue.projectId).map(({ id }) => id);

export const issueSteps = {
  createIssue: (site, draw) =>
    withOne(draw, liveProjects(site), (project) => {
      const files = draw.below(4) === 0 ? [{ filename: `${draw.word()}.png`, mimeType: 'image/png' }] : [];
      const typeId = draw.pick([10001, 10002, 10004, 10000])!;
      const epic = draw.pick(editableIssues(site).filter((issue) => issue.typeId === 10000));
      const epicId = typeId !== 10000 && epic && draw.below(2) === 0 ? epic.id : null;
      site.issues.create({ project, typeId, epicId, summary: draw.text(), description: draw.textOrNull(), files });
    }),
  createSubtask: withIssue((site, parent, draw) => {
    if (parent.parentId !== null || parent.typeId === 10000) return;
    const project = site.state.projects.get(parent.projectId)!;
    site.issues.create({ project, parent, summary: draw.text() });
  }),
  editIssue: withIssue((site, issue, draw) =>
    site.issues.edit(issue, {
      summary: draw.text(),
      description: draw.textOrNull(),
      priorityId: 1 + draw.below(4),
      labels: draw.below(2) === 0 ? [] : [draw.word(), draw.word()],
      dueDate: draw.pick([null, '2026-04-01', '2026-12-31'])!,
    }),
  ),
  editCustom: withIssue((site, issue, draw) => {
    const changes: Record<string, CustomValue>[] = [
      { customfield_10016: draw.below(20) },
      { customfield_10016: null, customfield_10030: draw.pick(['minor', 'major'])! },
      { customfield_10032: [draw.word()], customfield_10033: personOrNobody(site, draw) },
      { customfield_10034: issue.created + draw.below(1_000) * 60_000, customfield_10035: '2026-05-06' },
      { customfield_10036: draw.text(), customfield_10038: [draw.word()] },
    ];
    site.issues.edit(issue, { custom: draw.pick(changes)! });
  }),
  assign: withIssue((site, issue, draw) => site.issues.edit(issue, { assigneeId: personOrNobody(site, draw) })),
  transition: withIssue((site, issue, draw) => site.issues.transition(issue, draw.pick(statusIds)!)),
  moveIssue: withIssue((site, issue, draw) => {
    if (issue.parentId === null) withOne(draw, liveProjects(site), (project) => site.issues.move(issue, project));
  }),
  deleteIssue: withIssue((site, issue) => site.issues.delete(issue)),
  plan: withIssue((site, issue, draw) => {
    const sprint = draw.pick([...site.state.sprints.keys()]);
    site.issues.edit(issue, { sprintIds: sprint === undefined ? [] : [sprint] });
  }),
  label: withIssue((site, issue, draw) => {
    const version = draw.pick(inProject(site.state.versions, issue));
    const component = draw.pick(inProject(site.state.components, issue));
    site.issues.edit(issue, {
      fixVersionIds: version === undefined ? [] : [version],
      componentIds: component === undefined ? [] : [component],
    });
  }),
  bulkEdit: (site, draw) => {
    const chosen = editableIssues(site).filter(() => draw.below(2) === 0);
    site.issues.bulkEdit(chosen, { priorityId: 1 + draw.below(4), labels: [draw.word()] });
  },
} satisfies Record<string, Step>;

export const partSteps = {
  addComment: withIssue((site, issue, draw) => {
    site.comments.add(issue, draw.text(), { isPublic: draw.pick([true, false])! });
  }),
  editComment: withIssue((site, issue, draw) =>
    withOne(draw, issue.comments, (comment) =>
      site.comments.edit(comment, { body: draw.text(), isPublic: draw.pick([true, false])! }),
    ),
  ),
  deleteComment: withIssue((site, issue, draw) =>
    withOne(draw, issue.comments, (comment) => site.comments.delete(comment)),
  ),
  logWork: withIssue((site, issue, draw) => {
    site.worklogs.add(issue, { seconds: 60 * (1 + draw.below(500)), comment: draw.text() });
  }),
  editWork: withIssue((site, issue, draw) =>
    withOne(draw, issue.worklogs, (worklog) => site.worklogs.edit(worklog, { seconds: 60 * (1 + draw.below(500)) })),
  ),
  deleteWork: withIssue((site, issue, draw) =>
    withOne(draw, issue.worklogs, (worklog) => site.worklogs.delete(worklog)),
  ),
  attach: withIssue((site, issue, draw) => {
    site.attachments.add(issue, { filename: `${draw.word()}.txt`, size: draw.below(100_000) });
  }),
  detach: withIssue((site, issue, draw) =>
    withOne(draw, issue.attachments, (attachment) => site.attachments.delete(attachment)),
  ),
  link: withIssue((site, source, draw) => {
    const others = editableIssues(site).filter((issue) => issue.id !== source.id);
    withOne(draw, others, (destination) => site.links.create(source, destination, draw.pick([10000, 10001, 10003])!));
  }),
  unlink: (site, draw) => {
    const live = new Set(editableIssues(site).map(({ id }) => id));
    const links = [...site.state.links.values()].filter(
      (link) => live.has(link.sourceId) && live.has(link.destinationId) && isOrdinaryLink(link),
    );
    withOne(draw, links, (link) => site.links.delete(link));
  },
} satisfies Record<string, Step>;
