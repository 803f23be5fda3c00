/** Links between issues: bare ids in their own events, one named end inside an issue. Epic and sub-task links are the system's and stand in the issue instead. */
import type { ReceivedChange } from '../../receive-way.ts';
import { type Evidence, row, toldAt } from '../evidence.ts';
import { booleanAt, idAt, member, textAt } from '../json.ts';

export function linkEventRows(evidence: Evidence, link: unknown): ReceivedChange[] {
  const id = idAt(link);
  const type = member(link, 'issueLinkType');
  if (id === null || booleanAt(link, 'systemLink') === true || booleanAt(type, 'isSystemLinkType') === true) return [];
  return [
    row(evidence, 'issue_links', id, toldAt(evidence), {
      link_type: textAt(type, 'name'),
      inward_name: textAt(type, 'inwardName'),
      outward_name: textAt(type, 'outwardName'),
      source_issue_id: idAt(link, 'sourceIssueId'),
      destination_issue_id: idAt(link, 'destinationIssueId'),
    }),
  ];
}

export function embeddedLinkRows(evidence: Evidence, link: unknown, issueId: string): ReceivedChange[] {
  const id = idAt(link);
  const outward = idAt(member(link, 'outwardIssue'));
  const inward = idAt(member(link, 'inwardIssue'));
  if (id === null || (outward === null && inward === null)) return [];
  const type = member(link, 'type');
  return [
    row(evidence, 'issue_links', id, toldAt(evidence), {
      link_type: textAt(type, 'name'),
      inward_name: textAt(type, 'inward'),
      outward_name: textAt(type, 'outward'),
      source_issue_id: outward === null ? inward : issueId,
      destination_issue_id: outward ?? issueId,
    }),
  ];
}
