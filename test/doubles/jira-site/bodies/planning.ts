/** Events of links, sprints, boards, versions, projects and users: small, and none names an issue by key. */
import type { Emission, SiteContext } from '../context.ts';
import type { Flow } from '../delivery/delivery.ts';
import type { Board, IssueLink, Json, Project, Sprint, User, Version } from '../model/records.ts';
import { linkEventShape } from '../shapes/link.ts';
import { boardShape, sprintShape, versionShape } from '../shapes/planning.ts';
import { projectEventShape } from '../shapes/project.ts';
import { userShape } from '../shapes/user.ts';
import type { View } from '../shapes/view.ts';

/** Site-wide events are drawn with UTC: no acting user lends an offset. */
function siteView(context: SiteContext): View {
  return { ...context.webhookView({ zone: 'Etc/UTC' } as User), offsetMinutes: 0 };
}

function emit(
  context: SiteContext,
  event: string,
  at: number,
  entity: Emission['entity'],
  rest: () => Json,
  flow: Flow = 'Primary',
): void {
  context.emit({ event, at, flow, entity, body: () => ({ timestamp: at, webhookEvent: event, ...rest() }) });
}

export function emitLink(
  context: SiteContext,
  change: 'created' | 'deleted',
  link: IssueLink,
  at: number,
  flow: Flow = 'Primary',
): void {
  const entity = { kind: 'issuelink', id: String(link.id) };
  emit(context, `issuelink_${change}`, at, entity, () => ({ issueLink: linkEventShape(link) }), flow);
}

export function emitSprint(context: SiteContext, event: string, sprint: Sprint, at: number, before?: Sprint): void {
  emit(context, event, at, { kind: 'sprint', id: String(sprint.id) }, () => {
    const view = siteView(context);
    const old = before ? { oldValue: sprintShape(view, before) } : {};
    return { sprint: sprintShape(view, sprint), ...old, ...dynamic(context) };
  });
}

export function emitBoard(context: SiteContext, event: string, board: Board, at: number): void {
  const isConfiguration = event === 'board_configuration_changed';
  emit(context, event, at, { kind: 'board', id: String(board.id) }, () => {
    const shape = boardShape(siteView(context), board);
    if (!isConfiguration) return { board: shape };
    return { configuration: { ...shape, columnConfig: { columns: [], constraintType: 'none' } } };
  });
}

export function emitVersion(context: SiteContext, event: string, version: Version, at: number, into?: Version): void {
  emit(context, event, at, { kind: 'version', id: String(version.id) }, () => {
    const view = siteView(context);
    const merged = into ? { mergedTo: versionShape(view, into) } : {};
    return { version: versionShape(view, version), ...merged, ...dynamic(context) };
  });
}

export function emitProject(context: SiteContext, event: string, project: Project, at: number): void {
  emit(context, event, at, { kind: 'project', id: String(project.id) }, () => ({
    project: projectEventShape(siteView(context), project),
  }));
}

/** On Cloud a deleted user is two bare keys: no `webhookEvent`, no `timestamp`. */
export function emitUser(
  context: SiteContext,
  change: 'created' | 'updated' | 'deleted',
  user: User,
  at: number,
): void {
  const event = `user_${change}`;
  const entity = { kind: 'user', id: context.options.flavour === 'cloud' ? user.accountId : user.key };
  if (change === 'deleted' && context.options.flavour === 'cloud') {
    const body = () => ({ accountId: user.accountId, username: user.name });
    context.emit({ event, at, entity, body });
    return;
  }
  emit(context, event, at, entity, () => ({ user: userShape(siteView(context), user) }));
}

function dynamic(context: SiteContext): Json {
  const { matchedWebhookIds } = context.options;
  return matchedWebhookIds.length > 0 ? { matchedWebhookIds } : {};
}
