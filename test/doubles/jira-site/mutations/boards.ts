/** Boards and their sprints. */
import { emitBoard, emitSprint } from '../bodies/planning.ts';
import type { SiteContext } from '../context.ts';
import type { Board, Project, Sprint } from '../model/records.ts';
import { isEditable } from '../model/state.ts';
import { tidyIssue } from './delete-issue.ts';
import { actorOf } from './recording.ts';

const fortnight = 14 * 86_400_000;

export function boardMutations(context: SiteContext) {
  const tell = (event: string, board: Board) => emitBoard(context, event, board, context.clock.tick());
  return {
    create: (project: Project, name = `${project.key} board`, type: Board['type'] = 'scrum'): Board => {
      const board = { id: context.nextId('board') - 9_999, name, type, projectId: project.id };
      context.state.boards.set(board.id, board);
      tell('board_created', board);
      return board;
    },
    rename: (board: Board, name: string): void => {
      board.name = name;
      tell('board_updated', board);
    },
    configure: (board: Board): void => tell('board_configuration_changed', board),
    /** The board's sprints stay. */
    delete: (board: Board): void => {
      context.state.boards.delete(board.id);
      tell('board_deleted', board);
    },
  };
}

export function sprintMutations(context: SiteContext) {
  const change = (event: string, sprint: Sprint, patch: Partial<Sprint>, at: number) => {
    const before = { ...sprint };
    Object.assign(sprint, patch);
    emitSprint(context, event, sprint, at, event === 'sprint_updated' ? before : undefined);
  };
  return {
    create: (board: Board, name: string, goal = ''): Sprint => {
      const created = context.clock.tick();
      const id = context.nextId('sprint') - 9_999;
      const dates = { created, started: null, ends: null, completed: null };
      const sprint: Sprint = { id, boardId: board.id, name, state: 'future', goal, ...dates };
      context.state.sprints.set(id, sprint);
      emitSprint(context, 'sprint_created', sprint, created);
      return sprint;
    },
    edit: (sprint: Sprint, patch: Partial<Pick<Sprint, 'name' | 'goal'>>): void =>
      change('sprint_updated', sprint, patch, context.clock.tick()),
    start: (sprint: Sprint): void => {
      const at = context.clock.tick();
      change('sprint_started', sprint, { state: 'active', started: at, ends: at + fortnight }, at);
    },
    close: (sprint: Sprint): void => {
      const at = context.clock.tick();
      change('sprint_closed', sprint, { state: 'closed', completed: at }, at);
    },
    /** Its issues lose it, each with an update of its own; those in a trashed project when it returns. */
    delete: (sprint: Sprint): void => {
      context.state.sprints.delete(sprint.id);
      emitSprint(context, 'sprint_deleted', sprint, context.clock.tick());
      for (const issue of context.state.issues.values()) {
        if (!issue.sprintIds.includes(sprint.id) || !isEditable(context.state, issue)) continue;
        tidyIssue(context, issue, actorOf(context));
      }
    },
  };
}
