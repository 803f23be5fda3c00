/** Lists of the site: itself, fields, projects, users, versions, components. */
import { customFields, epicLinkField, sprintField } from '../model/custom-fields.ts';
import type { Json } from '../model/records.ts';
import { jiraTime } from '../model/times.ts';
import { componentShape } from '../shapes/named.ts';
import { versionShape } from '../shapes/planning.ts';
import { projectShape } from '../shapes/project.ts';
import { userShape } from '../shapes/user.ts';
import { readPageAsk, valuesPage } from './paging.ts';
import { browsableProjects, type Handler, RestError, theProject } from './rest-context.ts';

export const readServerInfo: Handler = (rest, request) => ({
  baseUrl: request.view.siteUrl,
  version: request.view.flavour === 'cloud' ? '1001.0.0-SNAPSHOT' : '9.12.4',
  versionNumbers: request.view.flavour === 'cloud' ? [1001, 0, 0] : [9, 12, 4],
  deploymentType: request.view.flavour === 'cloud' ? 'Cloud' : 'Server',
  buildNumber: 912004,
  serverTime: jiraTime(rest.site.clock.now(), request.view.offsetMinutes),
  serverTitle: 'Double',
});

/** The reader: his zone is the one JQL reads times in. */
export const readMyself: Handler = (rest, request) => {
  const { auth, profileZone } = rest.site.options;
  const first = [...rest.site.state.users.values()][0];
  const shape = first ? userShape(request.view, first) : {};
  return { ...shape, emailAddress: auth.email, displayName: 'Reader', timeZone: profileZone, active: true };
};

export const readTenant: Handler = (rest) => ({ cloudId: rest.site.options.auth.cloudId });

const systemFields: readonly [string, string][] = [
  ['summary', 'string'],
  ['status', 'status'],
  ['description', 'string'],
  ['created', 'datetime'],
  ['updated', 'datetime'],
  ['duedate', 'date'],
  ['assignee', 'user'],
  ['labels', 'array'],
];

export const readFields: Handler = () => {
  const system = systemFields.map(([id, type]) => ({
    id,
    key: id,
    name: id,
    custom: false,
    schema: { type, system: id },
  }));
  const greenhopper = [
    {
      id: epicLinkField,
      name: 'Epic Link',
      custom: 'com.pyxis.greenhopper.jira:gh-epic-link',
      schema: { type: 'any' },
    },
    {
      id: sprintField,
      name: 'Sprint',
      custom: 'com.pyxis.greenhopper.jira:gh-sprint',
      schema: { type: 'array', items: 'json' },
    },
  ];
  const custom = [...customFields, ...greenhopper].map(({ id, name, custom, schema }) => ({
    id,
    key: id,
    name,
    custom: true,
    schema: { ...schema, custom, customId: Number(id.split('_')[1]) },
  }));
  return [...system, ...custom] satisfies Json[];
};

/** Live projects unless `status` also asks for archived ones. */
export const searchProjects: Handler = (rest, request) => {
  const asked = request.query.getAll('status').flatMap((status) => status.split(','));
  const states = asked.length > 0 ? asked : ['live'];
  const projects = browsableProjects(rest).filter(({ state }) => states.includes(state));
  return valuesPage(readPageAsk(rest, request, 50, 100), projects, (project) => projectShape(request.view, project));
};

/** Server answers all projects as one array. */
export const listProjects: Handler = (rest, request) => {
  const archived = request.query.get('includeArchived') === 'true';
  const projects = browsableProjects(rest).filter(({ state }) => archived || state === 'live');
  return projects.map((project) => projectShape(request.view, project));
};

export const readProject: Handler = (rest, request) => projectShape(request.view, theProject(rest, request.params[0]!));

/** A bare array, inactive users too, deleted ones not. */
export const searchUsers: Handler = (rest, request) => {
  if (request.view.flavour === 'server' && !request.query.get('username')) {
    throw new RestError(400, 'The username query parameter was not provided');
  }
  const { startAt, maxResults } = readPageAsk(rest, request, 50, 1_000);
  const users = [...rest.site.state.users.values()].filter((user) => !user.deleted);
  return users.slice(startAt, startAt + maxResults).map((user) => userShape(request.view, user));
};

function partsOf<T extends { projectId: number }>(parts: Map<number, T>, projectId: number): T[] {
  return [...parts.values()].filter((part) => part.projectId === projectId);
}

export const listVersions: Handler = (rest, request) => {
  const { id } = theProject(rest, request.params[0]!);
  return partsOf(rest.site.state.versions, id).map((version) => versionShape(request.view, version));
};

export const pageVersions: Handler = (rest, request) => {
  const { id } = theProject(rest, request.params[0]!);
  return valuesPage(readPageAsk(rest, request, 50, 50), partsOf(rest.site.state.versions, id), (version) =>
    versionShape(request.view, version),
  );
};

export const listComponents: Handler = (rest, request) => {
  const { id } = theProject(rest, request.params[0]!);
  return partsOf(rest.site.state.components, id).map((component) => componentShape(request.view, component, 'listing'));
};
