/** Which links are rows of their own and which are Jira's inner wiring. */
import { entry, linkTypes } from './catalogue.ts';
import type { IssueLink } from './records.ts';

/** Epic and sub-task links come as events but never stand in `fields.issuelinks`. */
export function isOrdinaryLink(link: IssueLink): boolean {
  return !entry(linkTypes, link.typeId).system;
}
