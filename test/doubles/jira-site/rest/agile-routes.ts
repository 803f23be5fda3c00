/** Boards and sprints. */
import { boardShape, sprintShape } from '../shapes/planning.ts';
import { readPageAsk, valuesPage } from './paging.ts';
import { type Handler, type RestContext, RestError, type RestRequest } from './rest-context.ts';

export const listBoards: Handler = (rest, request) =>
  valuesPage(readPageAsk(rest, request, 50, 50), [...rest.site.state.boards.values()], (board) =>
    boardShape(request.view, board),
  );

function theBoard(rest: RestContext, request: RestRequest) {
  const board = rest.site.state.boards.get(Number(request.params[0]));
  if (!board) throw new RestError(404, 'The requested board cannot be viewed because it does not exist.');
  return board;
}

export const readBoard: Handler = (rest, request) => boardShape(request.view, theBoard(rest, request));

export const listSprints: Handler = (rest, request) => {
  const board = theBoard(rest, request);
  if (board.type === 'kanban') throw new RestError(400, 'The board does not support sprints');
  const sprints = [...rest.site.state.sprints.values()].filter(({ boardId }) => boardId === board.id);
  return valuesPage(readPageAsk(rest, request, 50, 50), sprints, (sprint) => sprintShape(request.view, sprint));
};

export const readSprint: Handler = (rest, request) => {
  const sprint = rest.site.state.sprints.get(Number(request.params[0]));
  if (!sprint) throw new RestError(404, 'Sprint does not exist');
  return sprintShape(request.view, sprint);
};
