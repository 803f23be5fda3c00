/** Links between issues: the event has two numbers; whether the ends send an update of their own is an option. */
import { emitLink } from '../bodies/planning.ts';
import type { SiteContext } from '../context.ts';
import { entry, linkTypes } from '../model/catalogue.ts';
import type { Issue, IssueLink, RemoteLink, User } from '../model/records.ts';
import { dropLink, isEditable, isVisible, must, putLink } from '../model/state.ts';
import { presence } from './change-items.ts';
import { actorOf, assertEditable, type By, changeIssue, record, touch } from './recording.ts';

export function linkMutations(context: SiteContext) {
  return {
    create: (source: Issue, destination: Issue, typeId = 10000, { by }: By = {}): IssueLink => {
      for (const end of [source, destination]) assertEditable(context, end);
      const link = { id: context.nextId('link'), typeId, sourceId: source.id, destinationId: destination.id };
      putLink(context.state, link);
      announce(context, link, 'come', by);
      return link;
    },
    delete: (link: IssueLink, { by }: By = {}): void => {
      dropLink(context.state, link);
      announce(context, link, 'gone', by);
    },
    /** Nothing is ever sent for these: only REST shows them, and `updated` does not move. */
    addRemote: (issue: Issue, url: string, title: string, application?: { name: string; type: string }): RemoteLink => {
      assertEditable(context, issue);
      const { name = null, type = null } = application ?? {};
      const id = context.nextId('remote-link');
      const link = { id, issueId: issue.id, url, title, applicationName: name, applicationType: type };
      issue.remoteLinks.push(link);
      return link;
    },
    deleteRemote: (issue: Issue, link: RemoteLink): void => {
      issue.remoteLinks = issue.remoteLinks.filter((held) => held.id !== link.id);
    },
  };
}

function announce(context: SiteContext, link: IssueLink, what: 'come' | 'gone', by?: string): void {
  const actor = actorOf(context, by);
  emitLink(context, what === 'come' ? 'created' : 'deleted', link, context.clock.tick());
  for (const end of [link.sourceId, link.destinationId]) touchEnd(context, link, end, what, actor);
}

/** Moves `updated` of one end and records the link in its history. */
export function touchEnd(context: SiteContext, link: IssueLink, end: number, what: 'come' | 'gone', actor: User): void {
  const type = entry(linkTypes, link.typeId);
  const issue = context.state.issues.get(end);
  if (type.system || !issue || !isVisible(context.state, issue) || !isEditable(context.state, issue)) return;
  const other = end === link.sourceId ? link.destinationId : link.sourceId;
  const otherKey = context.state.issues.get(other)?.key ?? `${other}`;
  const text = `This issue ${end === link.sourceId ? type.outward : type.inward} ${otherKey}`;
  const items = [presence('Link', 'issuelinks', otherKey, text, what)];
  const at = context.clock.tick();
  if (context.options.linkEvents === 'with-issue-updates') {
    changeIssue(context, {
      issue: must(context.state.issues, end, 'issue'),
      at,
      actor,
      items,
      typeName: 'issue_updated',
    });
    return;
  }
  touch(issue, at);
  record(context, issue, at, actor.accountId, items);
}
