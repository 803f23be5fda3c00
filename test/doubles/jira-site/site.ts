/** The site as a test sees it: one group of verbs per kind of thing, the clock, and the truth as tables. */
import { emitOther } from './bodies/other.ts';
import type { SiteContext } from './context.ts';
import type { Json } from './model/records.ts';
import { attachmentMutations } from './mutations/attachments.ts';
import { boardMutations, sprintMutations } from './mutations/boards.ts';
import { commentMutations } from './mutations/comments.ts';
import { issueMutations } from './mutations/issues.ts';
import { linkMutations } from './mutations/links.ts';
import { projectMutations } from './mutations/projects.ts';
import { userMutations } from './mutations/users.ts';
import { componentMutations, versionMutations } from './mutations/versions.ts';
import { worklogMutations } from './mutations/worklogs.ts';
import { type ExpectedTables, expectedTables } from './oracle/tables.ts';

export type JiraSite = ReturnType<typeof createSite>;

export function createSite(context: SiteContext) {
  return {
    flavour: context.options.flavour,
    state: context.state,
    clock: context.clock,
    issues: issueMutations(context),
    comments: commentMutations(context),
    worklogs: worklogMutations(context),
    attachments: attachmentMutations(context),
    links: linkMutations(context),
    projects: projectMutations(context),
    boards: boardMutations(context),
    sprints: sprintMutations(context),
    versions: versionMutations(context),
    components: componentMutations(context),
    users: userMutations(context),
    /** Sends an event of any name that changes nothing the site holds. */
    sendOther: (event: string, extra?: Json): void => emitOther(context, event, extra),
    /** The world changes and no event is made: cheap corpora, and losses nobody can blame on delivery. */
    silently: <T>(change: () => T): T => {
      const before = context.muted;
      context.muted = true;
      try {
        return change();
      } finally {
        context.muted = before;
      }
    },
    /** What each published table must hold, from the site's own knowledge. */
    expectedTables: (): ExpectedTables => expectedTables(context),
  };
}
