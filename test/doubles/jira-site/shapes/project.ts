/** Projects as webhooks and as REST show them. */
import type { Json, Project } from '../model/records.ts';
import { avatars, userOrNull } from './user.ts';
import { restUrl, type View } from './view.ts';

/** Webhook form: numeric id, `projectLead`, `assigneeType`. */
export function projectEventShape(view: View, project: Project): Json {
  return {
    self: restUrl(view, `project/${project.id}`),
    id: project.id,
    key: project.key,
    name: project.name,
    avatarUrls: avatars(`${view.siteUrl}/secure/projectavatar?pid=${project.id}`),
    projectLead: userOrNull(view, project.leadId),
    assigneeType: 'admin.assignee.type.unassigned',
  };
}

/** REST form: the id is text and the lead is `lead`. */
export function projectShape(view: View, project: Project): Json {
  return {
    self: restUrl(view, `project/${project.id}`),
    id: String(project.id),
    key: project.key,
    name: project.name,
    lead: userOrNull(view, project.leadId),
    projectTypeKey: 'software',
    avatarUrls: avatars(`${view.siteUrl}/secure/projectavatar?pid=${project.id}`),
    ...(project.state === 'archived' ? { archived: true } : {}),
    ...(view.flavour === 'cloud' ? { style: 'classic', isPrivate: false, properties: {} } : {}),
  };
}
