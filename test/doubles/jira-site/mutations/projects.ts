/** Projects: making, renaming, archiving, and the trash; no event speaks of the issues inside. */
import { emitProject } from '../bodies/planning.ts';
import type { SiteContext } from '../context.ts';
import type { Issue, Project } from '../model/records.ts';
import { dropLink, linksOf } from '../model/state.ts';
import { removeIssue, tidyIssue } from './delete-issue.ts';
import { actorOf } from './recording.ts';

export function projectMutations(context: SiteContext) {
  const { state } = context;
  const tell = (event: string, project: Project) => emitProject(context, event, project, context.clock.tick());
  return {
    create: (key: string, name = `Project ${key}`, leadId?: string): Project => {
      const id = context.nextId('project');
      const project: Project = { id, key, name, leadId: actorOf(context, leadId).accountId, state: 'live', counter: 0 };
      state.projects.set(id, project);
      tell('project_created', project);
      return project;
    },
    edit: (project: Project, patch: Partial<Pick<Project, 'name' | 'leadId'>>): void => {
      Object.assign(project, patch);
      tell('project_updated', project);
    },
    archive: (project: Project): void => {
      project.state = 'archived';
      tell('project_archived', project);
    },
    unarchive: (project: Project): void => {
      project.state = 'live';
      tell('project_restored_archived', project);
      tidyAll(context, project);
    },
    /** Into the trash: its issues vanish for readers and no event says so of any of them. */
    trash: (project: Project): void => {
      project.state = 'trashed';
      tell('project_soft_deleted', project);
    },
    restore: (project: Project): void => {
      project.state = 'live';
      tell('project_restored_deleted', project);
      tidyAll(context, project);
    },
    /** For good, from the trash or at once. */
    delete: (project: Project): void => {
      tell('project_deleted', project);
      const inside = issuesIn(context, project);
      state.projects.delete(project.id);
      for (const issue of inside) {
        for (const link of linksOf(state, issue.id)) dropLink(state, link);
        removeIssue(context, issue, context.clock.now());
      }
      for (const part of [state.versions, state.components]) {
        for (const [id, held] of part) if (held.projectId === project.id) part.delete(id);
      }
      leaveNoOrphans(context);
    },
  };
}

function issuesIn(context: SiteContext, project: Project): Issue[] {
  return [...context.state.issues.values()].filter((issue) => issue.projectId === project.id);
}

function tidyAll(context: SiteContext, project: Project): void {
  for (const issue of issuesIn(context, project)) tidyIssue(context, issue, actorOf(context));
}

/** Stories elsewhere whose epic went with the project lose it. */
function leaveNoOrphans(context: SiteContext): void {
  for (const issue of context.state.issues.values()) {
    const project = context.state.projects.get(issue.projectId);
    if (project?.state === 'live') tidyIssue(context, issue, actorOf(context));
  }
}
