/** Sprints, boards and versions: their dates and ids are written unlike those of issues. */
import type { Board, Json, Sprint, Version } from '../model/records.ts';
import { zuluTime } from '../model/times.ts';
import { restUrl, type View } from './view.ts';

/** Numeric id, dates in UTC `Z` form; a date that is not set is left out. */
export function sprintShape(view: View, sprint: Sprint): Json {
  const date = (name: string, at: number | null) => (at === null ? {} : { [name]: zuluTime(at) });
  return {
    id: sprint.id,
    self: `${view.siteUrl}/rest/agile/1.0/sprint/${sprint.id}`,
    state: sprint.state,
    name: sprint.name,
    ...date('startDate', sprint.started),
    ...date('endDate', sprint.ends),
    ...date('completeDate', sprint.completed),
    createdDate: zuluTime(sprint.created),
    originBoardId: sprint.boardId,
    goal: sprint.goal,
  };
}

/** Inside an issue: an object on Cloud, on Server the text form of a Java object. */
export function issueSprintShape(view: View, sprint: Sprint): Json | string {
  const date = (at: number | null) => (at === null ? '<null>' : zuluTime(at));
  if (view.flavour === 'server') {
    const parts = [
      `id=${sprint.id}`,
      `rapidViewId=${sprint.boardId}`,
      `state=${sprint.state.toUpperCase()}`,
      `name=${sprint.name}`,
      `startDate=${date(sprint.started)}`,
      `endDate=${date(sprint.ends)}`,
      `completeDate=${date(sprint.completed)}`,
      `sequence=${sprint.id}`,
      `goal=${sprint.goal}`,
    ];
    return `com.atlassian.greenhopper.service.sprint.Sprint@${sprint.id.toString(16)}[${parts.join(',')}]`;
  }
  const { id, name, state, goal, boardId } = sprint;
  return { id, name, state, boardId, goal, ...(sprint.started ? { startDate: zuluTime(sprint.started) } : {}) };
}

export function boardShape(view: View, board: Board): Json {
  const project = view.state.projects.get(board.projectId);
  const location = project && { projectId: project.id, projectKey: project.key, projectName: project.name };
  return {
    id: board.id,
    self: `${view.siteUrl}/rest/agile/1.0/board/${board.id}`,
    name: board.name,
    type: board.type,
    ...(view.channel === 'rest' && location ? { location } : {}),
  };
}

/** `id` is text while `projectId` is a number; `userReleaseDate` is localised text. */
export function versionShape(view: View, version: Version): Json {
  return {
    self: restUrl(view, `version/${version.id}`),
    id: String(version.id),
    description: version.description,
    name: version.name,
    archived: view.channel === 'webhook' ? false : version.archived,
    released: version.released,
    ...(version.startDate ? { startDate: version.startDate, userStartDate: localised(version.startDate) } : {}),
    ...(version.releaseDate ? { releaseDate: version.releaseDate } : {}),
    ...(version.releaseDate ? { overdue: false, userReleaseDate: localised(version.releaseDate) } : {}),
    projectId: version.projectId,
  };
}

/** Inside an issue a version has no project. */
export function issueVersionShape(view: View, version: Version): Json {
  const { projectId: _, overdue: _overdue, ...shape } = versionShape({ ...view, channel: 'rest' }, version);
  return shape;
}

function localised(date: string): string {
  const [year, month, day] = date.split('-');
  const names = ['Led', 'Úno', 'Bře', 'Dub', 'Kvě', 'Čer', 'Čvc', 'Srp', 'Zář', 'Říj', 'Lis', 'Pro'];
  return `${day}/${names[Number(month) - 1]}/${year!.slice(2)}`;
}
