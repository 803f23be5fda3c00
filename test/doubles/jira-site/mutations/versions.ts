/** Versions and components of a project. Components send nothing: bodies and REST show them. */
import { emitVersion } from '../bodies/planning.ts';
import type { SiteContext } from '../context.ts';
import type { Component, Project, Version } from '../model/records.ts';
import { applyPatch } from './issue-patch.ts';
import { actorOf, changeIssue } from './recording.ts';

export function versionMutations(context: SiteContext) {
  const change = (event: string, version: Version, patch: Partial<Version>) => {
    Object.assign(version, patch);
    emitVersion(context, `jira:version_${event}`, version, context.clock.tick());
  };
  return {
    create: (project: Project, name: string, description = ''): Version => {
      const id = context.nextId('version');
      const dates = { startDate: null, releaseDate: null };
      const version: Version = {
        id,
        projectId: project.id,
        name,
        description,
        released: false,
        archived: false,
        ...dates,
      };
      context.state.versions.set(id, version);
      change('created', version, {});
      return version;
    },
    edit: (
      version: Version,
      patch: Partial<Pick<Version, 'name' | 'description' | 'startDate' | 'releaseDate'>>,
    ): void => change('updated', version, patch),
    release: (version: Version, releaseDate: string): void =>
      change('released', version, { released: true, releaseDate }),
    unrelease: (version: Version): void => change('unreleased', version, { released: false }),
    reorder: (version: Version): void => change('moved', version, {}),
    /** A known gap: the event says `archived: false`. Only REST tells the truth. */
    archive: (version: Version): void => change('updated', version, { archived: true }),
    delete: (version: Version): void => retire(context, version),
    /** A merge is a deletion with `mergedTo`; issues go over to the other version. */
    merge: (version: Version, into: Version): void => retire(context, version, into),
  };
}

function retire(context: SiteContext, version: Version, into?: Version): void {
  emitVersion(context, 'jira:version_deleted', version, context.clock.tick(), into);
  const replace = (ids: number[]) => {
    const kept = ids.filter((id) => id !== version.id);
    return into && kept.length < ids.length && !kept.includes(into.id) ? [...kept, into.id] : kept;
  };
  const changed = [...context.state.issues.values()].map((issue) => {
    const fixVersionIds = replace(issue.fixVersionIds);
    const affectedVersionIds = replace(issue.affectedVersionIds);
    return { issue, items: applyPatch(context.state, issue, { fixVersionIds, affectedVersionIds }) };
  });
  context.state.versions.delete(version.id);
  for (const { issue, items } of changed) {
    if (items.length === 0) continue;
    const change = { issue, at: context.clock.tick(), actor: actorOf(context), items, typeName: 'issue_updated' };
    changeIssue(context, change, { flow: 'Secondary' });
  }
}

export function componentMutations(context: SiteContext) {
  return {
    create: (project: Project, name: string, description = '', leadId: string | null = null): Component => {
      const component = { id: context.nextId('component'), projectId: project.id, name, description, leadId };
      context.state.components.set(component.id, component);
      return component;
    },
    edit: (component: Component, patch: Partial<Pick<Component, 'name' | 'description' | 'leadId'>>): void => {
      Object.assign(component, patch);
    },
  };
}
