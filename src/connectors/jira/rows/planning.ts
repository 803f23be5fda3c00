/** Projects, versions, components, sprints, boards and users: none tells when it changed, so the envelope's time orders them. */
import type { ReceivedChange } from '../../receive-way.ts';
import { type Evidence, mentionedAt, row, toldAt } from '../evidence.ts';
import { booleanAt, idAt, member, type Row, textAt } from '../json.ts';
import { utcText } from '../times.ts';
import { accountId, email } from './person.ts';

/** What an event's name says beside its body. */
const projectMarks: Readonly<Record<string, [group: 'archive' | 'trash', value: boolean][]>> = {
  project_created: [
    ['archive', false],
    ['trash', false],
  ],
  project_archived: [['archive', true]],
  project_restored_archived: [['archive', false]],
  project_soft_deleted: [['trash', true]],
  project_restored_deleted: [['trash', false]],
};

export function projectRows(evidence: Evidence, project: unknown, event: string): ReceivedChange[] {
  const id = idAt(project);
  if (id === null) return [];
  const told = toldAt(evidence);
  const marks = Object.hasOwn(projectMarks, event) ? projectMarks[event]! : [];
  return [
    row(evidence, 'projects', id, told, {
      project_key: textAt(project, 'key'),
      project_name: textAt(project, 'name'),
      lead_account_id: accountId(member(project, 'projectLead') ?? member(project, 'lead')),
    }),
    ...marks.map(([group, value]) =>
      row(evidence, 'projects', id, told, group === 'archive' ? { archived: value } : { trashed: value }, group),
    ),
  ];
}

/** Events say `archived: false` also of archived versions, so only the site's own answer or a new version counts. */
export function versionRows(evidence: Evidence, version: unknown, archived: boolean | null): ReceivedChange[] {
  const id = idAt(version);
  if (id === null) return [];
  const told = toldAt(evidence);
  return [
    row(evidence, 'versions', id, told, {
      project_id: idAt(version, 'projectId'),
      name: textAt(version, 'name'),
      description: textAt(version, 'description'),
      released: booleanAt(version, 'released'),
      start_date: textAt(version, 'startDate'),
      release_date: textAt(version, 'releaseDate'),
    }),
    ...(archived === null ? [] : [row(evidence, 'versions', id, told, { archived }, 'archive')]),
  ];
}

export function embeddedComponentRows(
  evidence: Evidence,
  component: unknown,
  projectId: string | null,
): ReceivedChange[] {
  const id = idAt(component);
  return id === null
    ? []
    : [
        row(evidence, 'components', id, mentionedAt(evidence), {
          ...componentFields(component),
          project_id: projectId,
        }),
      ];
}

export function componentRows(evidence: Evidence, component: unknown): ReceivedChange[] {
  const id = idAt(component);
  if (id === null) return [];
  const told = toldAt(evidence);
  return [
    row(evidence, 'components', id, told, { ...componentFields(component), project_id: idAt(component, 'projectId') }),
    row(evidence, 'components', id, told, { lead_account_id: accountId(member(component, 'lead')) }, 'lead'),
  ];
}

function componentFields(component: unknown): Row {
  return { name: textAt(component, 'name'), description: textAt(component, 'description') };
}

export function sprintRows(evidence: Evidence, sprint: unknown): ReceivedChange[] {
  const id = idAt(sprint);
  if (id === null) return [];
  return [
    row(evidence, 'sprints', id, toldAt(evidence), {
      board_id: idAt(sprint, 'originBoardId'),
      name: textAt(sprint, 'name'),
      state: textAt(sprint, 'state')?.toLowerCase() ?? null,
      goal: textAt(sprint, 'goal'),
      created_at: utcText(textAt(sprint, 'createdDate')),
      started_at: utcText(textAt(sprint, 'startDate')),
      ends_at: utcText(textAt(sprint, 'endDate')),
      completed_at: utcText(textAt(sprint, 'completeDate')),
    }),
  ];
}

export function boardRows(evidence: Evidence, board: unknown): ReceivedChange[] {
  const id = idAt(board);
  if (id === null) return [];
  const told = toldAt(evidence);
  const place = member(board, 'location');
  const type = textAt(board, 'type');
  // The configuration of a board may lack its type.
  const version = type === null ? mentionedAt(evidence) : told;
  return [
    row(evidence, 'boards', id, version, { name: textAt(board, 'name'), type }),
    ...(place === undefined ? [] : [row(evidence, 'boards', id, told, { project_id: projectOf(place) }, 'place')]),
  ];
}

/** A configuration names the project as `id` beside its kind, a board as `projectId`. */
function projectOf(place: unknown): string | null {
  return idAt(place, 'projectId') ?? (textAt(place, 'type') === 'project' ? idAt(place) : null);
}

export function userRows(evidence: Evidence, user: unknown): ReceivedChange[] {
  const id = accountId(user);
  if (id === null) return [];
  const told = toldAt(evidence);
  const address = email(user);
  const name = textAt(user, 'displayName');
  return [
    row(evidence, 'users', id, name === null ? mentionedAt(evidence) : told, {
      display_name: name,
      active: booleanAt(user, 'active'),
      time_zone: textAt(user, 'timeZone'),
    }),
    ...(address === null ? [] : [row(evidence, 'users', id, told, { email: address }, 'email')]),
  ];
}
