/** Each recorded shape in its Cloud and its Server form: the keys beside the envelope, and what is odd about it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningJiraSite, startJiraSite } from './index.ts';
import type { Flavour } from './model/records.ts';

type Body = Record<string, Record<string, unknown>>;

/** A site where everything happened once. */
async function liveOnce(flavour: Flavour): Promise<RunningJiraSite> {
  const running = await startJiraSite({ flavour, siteUrl: 'https://site.example', users: 4 });
  const { site } = running;
  const [project, other] = [site.projects.create('AB'), site.projects.create('CD')];
  site.projects.edit(project, { name: 'Renamed' });
  const board = site.boards.create(project);
  site.boards.configure(board);
  const sprint = site.sprints.create(board, 'Sprint 1', 'ship');
  site.sprints.edit(sprint, { name: 'Sprint one' });
  site.sprints.start(sprint);
  site.sprints.close(sprint);
  const [one, two] = ['1.0', '2.0'].map((name) => site.versions.create(project, name));
  site.versions.release(one!, '2026-03-31');
  const issue = site.issues.create({ project, summary: 'Parent', description: null });
  const child = site.issues.create({ project, summary: 'Child', parent: issue });
  site.issues.edit(issue, { sprintIds: [sprint.id], fixVersionIds: [one!.id], assigneeId: issue.creatorId });
  site.versions.merge(one!, two!);
  const comment = site.comments.add(issue, 'Hello');
  site.comments.edit(comment, { isPublic: false });
  site.comments.delete(comment);
  const work = site.worklogs.add(issue, { seconds: 60 });
  site.worklogs.edit(work, { seconds: 120 });
  site.worklogs.delete(work);
  site.worklogs.sendLegacyUpdate(issue);
  site.attachments.delete(site.attachments.add(issue, { filename: 'a.png', mimeType: 'image/png' }));
  site.links.delete(site.links.create(issue, child));
  const user = site.users.create();
  site.users.edit(user, { displayName: 'Other' });
  site.users.delete(user);
  site.sprints.delete(sprint);
  site.boards.delete(board);
  site.issues.delete(issue);
  for (const change of ['archive', 'unarchive', 'trash', 'restore', 'trash', 'delete'] as const)
    site.projects[change](other);
  return running;
}

const shapes: [string, string, string][] = [
  ['jira:issue_created', 'changelog issue issue_event_type_name user', 'changelog issue issue_event_type_name user'],
  ['jira:issue_updated', 'changelog issue issue_event_type_name user', 'changelog issue issue_event_type_name user'],
  ['jira:issue_deleted', 'issue user', 'issue user'],
  ['comment_created', 'comment issue', 'comment'],
  ['comment_updated', 'comment issue', 'comment user'],
  ['comment_deleted', 'comment issue', 'comment user'],
  ['worklog_created', 'isFromIssueLimitTransformation worklog', 'worklog'],
  ['worklog_updated', 'worklog', 'worklog'],
  ['worklog_deleted', 'isFromIssueLimitTransformation worklog', 'worklog'],
  ['jira:worklog_updated', 'issue user', 'issue user'],
  ['attachment_created', 'attachment', 'attachment'],
  ['attachment_deleted', 'attachment', 'attachment'],
  ['issuelink_created', 'issueLink', 'issueLink'],
  ['issuelink_deleted', 'issueLink', 'issueLink'],
  ['sprint_created', 'sprint', 'sprint'],
  ['sprint_updated', 'oldValue sprint', 'oldValue sprint'],
  ['sprint_started', 'sprint', 'sprint'],
  ['sprint_closed', 'sprint', 'sprint'],
  ['sprint_deleted', 'sprint', 'sprint'],
  ['board_created', 'board', 'board'],
  ['board_configuration_changed', 'configuration', 'configuration'],
  ['board_deleted', 'board', 'board'],
  ['project_created', 'project', 'project'],
  ['project_updated', 'project', 'project'],
  ['project_archived', 'project', 'project'],
  ['project_restored_archived', 'project', 'project'],
  ['project_soft_deleted', 'project', 'project'],
  ['project_restored_deleted', 'project', 'project'],
  ['project_deleted', 'project', 'project'],
  ['jira:version_created', 'version', 'version'],
  ['jira:version_released', 'version', 'version'],
  ['jira:version_deleted', 'mergedTo version', 'mergedTo version'],
  ['user_created', 'user', 'user'],
  ['user_updated', 'user', 'user'],
  ['user_deleted', 'accountId username', 'user'],
];

describe.each(['cloud', 'server'] as Flavour[])('on %s', (flavour) => {
  let running: RunningJiraSite;
  const body = (event: string, nth = 0): Body =>
    JSON.parse(running.control.deliveries.filter((delivery) => delivery.event === event).at(nth)!.body);
  beforeAll(async () => {
    running = await liveOnce(flavour);
  });
  afterAll(() => running.stop());

  it.each(shapes)('%s has its keys', (event, cloud, server) => {
    const { timestamp: _, webhookEvent: _event, ...rest } = body(event);
    expect(Object.keys(rest).sort().join(' ')).toBe(flavour === 'cloud' ? cloud : server);
  });

  it('every event but one names itself and its moment', () => {
    const bare = running.control.deliveries.filter(({ body }) => !('webhookEvent' in JSON.parse(body)));
    expect(bare.map(({ event }) => event)).toEqual(flavour === 'cloud' ? ['user_deleted'] : []);
  });

  it('ids are text or numbers as they were recorded', () => {
    expect(typeof body('jira:issue_created').issue!.id).toBe('string');
    expect(typeof body('worklog_created').worklog!.issueId).toBe('string');
    expect(typeof body('issuelink_created').issueLink!.id).toBe('number');
    expect(typeof body('project_created').project!.id).toBe('number');
    expect(typeof body('sprint_created').sprint!.id).toBe('number');
    expect(body('jira:version_created').version).toMatchObject({ id: '10000', projectId: 10000 });
  });

  it('sprints write UTC, issues an offset, versions a localised date', () => {
    expect(body('sprint_started').sprint!.startDate).toMatch(/Z$/);
    expect(body('sprint_created').sprint).not.toHaveProperty('startDate');
    expect((body('jira:issue_created').issue!.fields as Body).created).toMatch(/[+-]\d{4}$/);
    expect(body('jira:version_released').version!.userReleaseDate).toBe('31/Bře/26');
  });

  it('people are told by account id on Cloud, by name and key on Server', () => {
    const person = body('jira:issue_created').user!;
    if (flavour === 'cloud') {
      expect(person).toHaveProperty('accountId');
      expect(person).not.toHaveProperty('emailAddress');
      expect(person).not.toHaveProperty('name');
    } else {
      expect(person).toMatchObject({ key: 'JIRAUSER10001', emailAddress: 'ada1@example.com' });
      expect(body('user_created', 2).user).toMatchObject({ emailAddress: '?', active: 'true' });
    }
  });

  it('Server embeds all comments in issue events, Cloud none', () => {
    const commented = running.control.deliveries.find(({ body }) => body.includes('"issue_commented"'))!;
    const { fields } = JSON.parse(commented.body).issue;
    if (flavour === 'cloud') expect(fields).not.toHaveProperty('comment');
    else expect(fields.comment).toMatchObject({ total: 1, comments: [{ body: 'Hello' }] });
  });

  it('the issue address lacks its segment for some issues on Cloud only', () => {
    const odd = running.control.deliveries.some(({ body }) => /"self":"[^"]*\/rest\/api\/2\/\d+"/.test(body));
    expect(odd).toBe(flavour === 'cloud');
  });

  it('a sub-task link is a system link and stands in no issue', () => {
    expect(body('issuelink_created').issueLink).toMatchObject({ systemLink: true });
    expect(running.site.expectedTables().issue_links).toEqual([]);
  });
});
