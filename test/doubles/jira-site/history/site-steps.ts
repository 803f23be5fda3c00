/** Steps beside issues: projects, sprints, boards, versions, people, and time going by. */
import type { JiraSite } from '../site.ts';
import type { Draw } from './draw.ts';
import { liveProjects, type Step } from './steps.ts';

function withOne<T>(draw: Draw, items: Iterable<T>, run: (item: T) => void): void {
  const item = draw.pick([...items]);
  if (item !== undefined) run(item);
}

/** One project always stays, so that a history can go on. */
function spare(site: JiraSite) {
  const live = liveProjects(site);
  return live.length > 1 ? live : [];
}

export const projectSteps = {
  createProject: (site, draw) => {
    if (site.state.projects.size < 6) site.projects.create(`P${site.state.projects.size}${draw.below(90) + 10}X`);
  },
  renameProject: (site, draw) =>
    withOne(draw, liveProjects(site), (project) => site.projects.edit(project, { name: draw.text() })),
  trashProject: (site, draw) => withOne(draw, spare(site), (project) => site.projects.trash(project)),
  restoreProject: (site, draw) =>
    withOne(
      draw,
      [...site.state.projects.values()].filter(({ state }) => state === 'trashed'),
      (project) => site.projects.restore(project),
    ),
  deleteProject: (site, draw) =>
    withOne(
      draw,
      [...site.state.projects.values()].filter(({ state }) => state === 'trashed'),
      (project) => site.projects.delete(project),
    ),
} satisfies Record<string, Step>;

export const planningSteps = {
  createBoard: (site, draw) => withOne(draw, liveProjects(site), (project) => site.boards.create(project)),
  renameBoard: (site, draw) =>
    withOne(draw, site.state.boards.values(), (board) => site.boards.rename(board, draw.text())),
  createSprint: (site, draw) =>
    withOne(draw, site.state.boards.values(), (board) => site.sprints.create(board, draw.text(), draw.word())),
  startSprint: (site, draw) =>
    withOne(
      draw,
      [...site.state.sprints.values()].filter(({ state }) => state === 'future'),
      (sprint) => site.sprints.start(sprint),
    ),
  closeSprint: (site, draw) =>
    withOne(
      draw,
      [...site.state.sprints.values()].filter(({ state }) => state === 'active'),
      (sprint) => site.sprints.close(sprint),
    ),
  renameSprint: (site, draw) =>
    withOne(draw, site.state.sprints.values(), (sprint) => site.sprints.edit(sprint, { name: draw.text() })),
  deleteSprint: (site, draw) => withOne(draw, site.state.sprints.values(), (sprint) => site.sprints.delete(sprint)),
  createVersion: (site, draw) =>
    withOne(draw, liveProjects(site), (project) => site.versions.create(project, `${draw.word()} ${draw.below(100)}`)),
  releaseVersion: (site, draw) =>
    withOne(draw, liveVersions(site), (version) => site.versions.release(version, '2026-03-31')),
  deleteVersion: (site, draw) => withOne(draw, liveVersions(site), (version) => site.versions.delete(version)),
  mergeVersions: (site, draw) =>
    withOne(draw, liveVersions(site), (version) => {
      const others = liveVersions(site).filter(
        ({ id, projectId }) => id !== version.id && projectId === version.projectId,
      );
      withOne(draw, others, (into) => site.versions.merge(version, into));
    }),
  createComponent: (site, draw) =>
    withOne(draw, liveProjects(site), (project) => site.components.create(project, draw.word())),
} satisfies Record<string, Step>;

function liveVersions(site: JiraSite) {
  const live = new Set(liveProjects(site).map(({ id }) => id));
  return [...site.state.versions.values()].filter(({ projectId }) => live.has(projectId));
}

export const peopleSteps = {
  createUser: (site) => {
    if (site.state.users.size < 8) site.users.create();
  },
  renameUser: (site, draw) =>
    withOne(
      draw,
      [...site.state.users.values()].filter(({ deleted }) => !deleted),
      (user) => site.users.edit(user, { displayName: draw.text() }),
    ),
  deleteUser: (site, draw) => {
    const present = [...site.state.users.values()].filter(({ deleted }) => !deleted);
    if (present.length > 2) withOne(draw, present, (user) => site.users.delete(user));
  },
  wait: (site, draw) => site.clock.advance(draw.below(1_800) * 1_000),
  waitWeeks: (site, draw) => site.clock.advance(draw.below(40 * 86_400) * 1_000),
} satisfies Record<string, Step>;
