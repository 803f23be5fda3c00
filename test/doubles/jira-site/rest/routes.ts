/** Every route the site has, by the name tests use for it. */
import type { Flavour } from '../model/records.ts';
import { listBoards, listSprints, readBoard, readSprint } from './agile-routes.ts';
import {
  listComponents,
  listProjects,
  listVersions,
  pageVersions,
  readFields,
  readMyself,
  readProject,
  readServerInfo,
  readTenant,
  searchProjects,
  searchUsers,
} from './catalogue-routes.ts';
import {
  readAttachment,
  readChangelog,
  readComment,
  readComments,
  readIssue,
  readLink,
  readManyChangelogs,
  readManyIssues,
  readRemoteLinks,
  readWorklogs,
} from './issue-routes.ts';
import type { Handler } from './rest-context.ts';
import { countIssues, goneSearch, searchByOffset, searchByToken } from './search-routes.ts';
import { deletedWorklogs, listWorklogs, updatedWorklogs } from './worklog-routes.ts';

export interface Route {
  name: string;
  methods: readonly string[];
  /** Path below `/rest/api/{version}/` unless it begins with a slash; `*` stands for one piece. */
  path: string;
  only?: Flavour;
  handler: Handler;
  /** Answers without credentials. */
  open?: boolean;
}

const route = (name: string, methods: string, path: string, handler: Handler, only?: Flavour): Route => ({
  name,
  methods: methods.split(' '),
  path,
  handler,
  only,
});

export const routes: readonly Route[] = [
  { ...route('tenant', 'GET', '/_edge/tenant_info', readTenant, 'cloud'), open: true },
  { ...route('serverInfo', 'GET', 'serverInfo', readServerInfo), open: true },
  route('myself', 'GET', 'myself', readMyself),
  route('search', 'GET POST', 'search/jql', searchByToken, 'cloud'),
  route('search', 'GET POST', 'search', searchByOffset, 'server'),
  route('gone-search', 'GET POST', 'search', goneSearch, 'cloud'),
  route('approximate-count', 'POST', 'search/approximate-count', countIssues, 'cloud'),
  route('bulkfetch', 'POST', 'issue/bulkfetch', readManyIssues, 'cloud'),
  route('changelog-bulkfetch', 'POST', 'changelog/bulkfetch', readManyChangelogs, 'cloud'),
  route('issue', 'GET', 'issue/*', readIssue),
  route('comments', 'GET', 'issue/*/comment', readComments),
  route('comment', 'GET', 'issue/*/comment/*', readComment),
  route('worklogs', 'GET', 'issue/*/worklog', readWorklogs),
  route('changelog', 'GET', 'issue/*/changelog', readChangelog, 'cloud'),
  route('remotelinks', 'GET', 'issue/*/remotelink', readRemoteLinks),
  route('attachment', 'GET', 'attachment/*', readAttachment),
  route('link', 'GET', 'issueLink/*', readLink),
  route('worklog-updated', 'GET', 'worklog/updated', updatedWorklogs),
  route('worklog-deleted', 'GET', 'worklog/deleted', deletedWorklogs),
  route('worklog-list', 'POST', 'worklog/list', listWorklogs),
  route('field', 'GET', 'field', readFields),
  route('projects', 'GET', 'project/search', searchProjects, 'cloud'),
  route('projects', 'GET', 'project', listProjects, 'server'),
  route('project', 'GET', 'project/*', readProject),
  route('versions', 'GET', 'project/*/versions', listVersions),
  route('versions', 'GET', 'project/*/version', pageVersions),
  route('components', 'GET', 'project/*/components', listComponents),
  route('users', 'GET', 'users/search', searchUsers, 'cloud'),
  route('users', 'GET', 'user/search', searchUsers, 'server'),
  route('boards', 'GET', '/rest/agile/1.0/board', listBoards),
  route('board', 'GET', '/rest/agile/1.0/board/*', readBoard),
  route('sprints', 'GET', '/rest/agile/1.0/board/*/sprint', listSprints),
  route('sprint', 'GET', '/rest/agile/1.0/sprint/*', readSprint),
];
