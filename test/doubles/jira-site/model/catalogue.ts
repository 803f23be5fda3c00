/** The fixed lists of the site: types, statuses, priorities, resolutions, link types. */
export interface Named {
  readonly id: number;
  readonly name: string;
}

export interface Status extends Named {
  readonly category: 'new' | 'indeterminate' | 'done';
}

export interface LinkType extends Named {
  readonly inward: string;
  readonly outward: string;
  /** Made by Jira itself (epic and sub-task links): it comes as an event and never stands in `fields.issuelinks`. */
  readonly system: boolean;
}

export const issueTypes: readonly (Named & { subtask: boolean })[] = [
  { id: 10001, name: 'Task', subtask: false },
  { id: 10002, name: 'Story', subtask: false },
  { id: 10004, name: 'Bug', subtask: false },
  { id: 10000, name: 'Epic', subtask: false },
  { id: 10003, name: 'Sub-task', subtask: true },
];

export const statuses: readonly Status[] = [
  { id: 10000, name: 'To Do', category: 'new' },
  { id: 3, name: 'In Progress', category: 'indeterminate' },
  { id: 10010, name: 'In Review', category: 'indeterminate' },
  { id: 10001, name: 'Done', category: 'done' },
];

export const priorities: readonly Named[] = [
  { id: 1, name: 'Highest' },
  { id: 2, name: 'High' },
  { id: 3, name: 'Medium' },
  { id: 4, name: 'Low' },
];

export const resolutions: readonly Named[] = [
  { id: 10000, name: 'Done' },
  { id: 10001, name: "Won't Do" },
];

export const linkTypes: readonly LinkType[] = [
  { id: 10000, name: 'Blocks', inward: 'is blocked by', outward: 'blocks', system: false },
  { id: 10001, name: 'Cloners', inward: 'is cloned by', outward: 'clones', system: false },
  { id: 10003, name: 'Relates', inward: 'relates to', outward: 'relates to', system: false },
  {
    id: 10100,
    name: 'jira_subtask_link',
    inward: 'jira_subtask_inward',
    outward: 'jira_subtask_outward',
    system: true,
  },
  { id: 10200, name: 'Epic-Story Link', inward: 'has Epic', outward: 'is Epic of', system: true },
];

export const subtaskLinkTypeId = 10100;
export const epicLinkTypeId = 10200;
export const epicTypeId = 10000;
export const subtaskTypeId = 10003;

/** Finds an entry of one of these lists; a wrong id is a mistake of the test. */
export function entry<T extends Named>(list: readonly T[], id: number): T {
  const found = list.find((item) => item.id === id);
  if (!found) throw new Error(`The site has no entry ${id} among ${list.map((item) => item.name).join(', ')}`);
  return found;
}
