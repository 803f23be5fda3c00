/** Types, statuses, priorities, resolutions, projects, components: the small objects inside an issue. */
import { entry, issueTypes, priorities, resolutions, statuses } from '../model/catalogue.ts';
import type { Component, Json, Project } from '../model/records.ts';
import { avatars, userOrNull } from './user.ts';
import { restUrl, type View } from './view.ts';

const categoryIds = { new: 2, indeterminate: 4, done: 3 } as const;
const categoryColors = { new: 'blue-gray', indeterminate: 'yellow', done: 'green' } as const;

export function statusShape(view: View, id: number): Json {
  const status = entry(statuses, id);
  return {
    self: restUrl(view, `status/${id}`),
    description: '',
    iconUrl: `${view.siteUrl}/images/icons/statuses/generic.png`,
    name: status.name,
    id: String(id),
    statusCategory: {
      self: restUrl(view, `statuscategory/${categoryIds[status.category]}`),
      id: categoryIds[status.category],
      key: status.category,
      colorName: categoryColors[status.category],
      name: categoryName(view, status.category),
    },
  };
}

/** The name differs by door (`New`, `To Do`); only the key is the same. */
function categoryName(view: View, category: keyof typeof categoryIds): string {
  if (category === 'new') return view.channel === 'webhook' ? 'New' : 'To Do';
  return category === 'done' ? 'Done' : 'In Progress';
}

export function issueTypeShape(view: View, id: number): Json {
  const type = entry(issueTypes, id);
  return {
    self: restUrl(view, `issuetype/${id}`),
    id: String(id),
    description: '',
    iconUrl: `${view.siteUrl}/secure/viewavatar?size=medium&avatarId=10318&avatarType=issuetype`,
    name: type.name,
    subtask: type.subtask,
    avatarId: 10318,
    ...(view.flavour === 'cloud' ? { hierarchyLevel: type.subtask ? -1 : type.name === 'Epic' ? 1 : 0 } : {}),
  };
}

export function priorityShape(view: View, id: number): Json {
  const { name } = entry(priorities, id);
  return {
    self: restUrl(view, `priority/${id}`),
    iconUrl: `${view.siteUrl}/images/icons/priorities/${name.toLowerCase()}.svg`,
    name,
    id: String(id),
  };
}

export function resolutionShape(view: View, id: number | null): Json | null {
  if (id === null) return null;
  return {
    self: restUrl(view, `resolution/${id}`),
    id: String(id),
    description: '',
    name: entry(resolutions, id).name,
  };
}

/** The project as it stands inside an issue: here the id is text. */
export function issueProjectShape(view: View, project: Project): Json {
  return {
    self: restUrl(view, `project/${project.id}`),
    id: String(project.id),
    key: project.key,
    name: project.name,
    projectTypeKey: 'software',
    ...(view.flavour === 'cloud' ? { simplified: false } : {}),
    avatarUrls: avatars(`${view.siteUrl}/secure/projectavatar?pid=${project.id}`),
  };
}

export function componentShape(view: View, component: Component, inside: 'issue' | 'listing'): Json {
  const short = {
    self: restUrl(view, `component/${component.id}`),
    id: String(component.id),
    name: component.name,
    description: component.description,
  };
  if (inside === 'issue') return short;
  const project = view.state.projects.get(component.projectId);
  const lead = userOrNull(view, component.leadId);
  return { ...short, ...(lead ? { lead } : {}), project: project?.key, projectId: component.projectId };
}
