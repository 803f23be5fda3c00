/** What a site holds. Ids are numbers here; each shape writes them as text or number as Jira does. Times are epoch ms. */
export type Flavour = 'cloud' | 'server';

/** Any JSON object on its way out. */
export type Json = Record<string, unknown>;

export interface User {
  accountId: string;
  name: string;
  key: string;
  displayName: string;
  email: string;
  active: boolean;
  zone: string;
  deleted: boolean;
}

export interface Project {
  id: number;
  key: string;
  name: string;
  leadId: string;
  state: 'live' | 'archived' | 'trashed';
  /** The number of the last issue made here. */
  counter: number;
}

/** Text is wiki markup; REST v3 turns it into an ADF document on the way out. */
export interface Comment {
  id: number;
  issueId: number;
  authorId: string;
  updateAuthorId: string;
  body: string;
  created: number;
  updated: number;
  /** Cloud's `jsdPublic`; null leaves the key out. */
  isPublic: boolean | null;
}

export interface Worklog {
  id: number;
  issueId: number;
  authorId: string;
  updateAuthorId: string;
  comment: string;
  started: number;
  seconds: number;
  created: number;
  updated: number;
}

export interface Attachment {
  id: number;
  issueId: number;
  filename: string;
  size: number;
  mimeType: string;
  authorId: string;
  created: number;
}

export interface RemoteLink {
  id: number;
  issueId: number;
  url: string;
  title: string;
  applicationName: string | null;
  applicationType: string | null;
}

export interface ChangeItem {
  field: string;
  fieldtype: 'jira' | 'custom';
  /** Left out for `Key` and `Workflow`. */
  fieldId?: string;
  from: string | null;
  fromText: string | null;
  to: string | null;
  toText: string | null;
}

export interface History {
  id: number;
  at: number;
  authorId: string;
  items: ChangeItem[];
}

/** A value of a custom field: plain by the field's kind, or any JSON put there by a test. */
export type CustomValue = string | number | string[] | { raw: unknown } | null;

/** What the search index saw of an issue, and when. */
export interface IndexEntry {
  at: number;
  updated: number;
  projectId: number;
}

export interface Issue {
  id: number;
  key: string;
  /** Every key it ever had, the first one first. */
  keys: string[];
  projectId: number;
  typeId: number;
  summary: string;
  description: string | null;
  statusId: number;
  priorityId: number;
  resolutionId: number | null;
  creatorId: string;
  reporterId: string | null;
  assigneeId: string | null;
  created: number;
  updated: number;
  resolved: number | null;
  dueDate: string | null;
  labels: string[];
  parentId: number | null;
  epicId: number | null;
  componentIds: number[];
  fixVersionIds: number[];
  affectedVersionIds: number[];
  sprintIds: number[];
  custom: Record<string, CustomValue>;
  comments: Comment[];
  worklogs: Worklog[];
  attachments: Attachment[];
  remoteLinks: RemoteLink[];
  history: History[];
  indexed: IndexEntry[];
}

export interface IssueLink {
  id: number;
  typeId: number;
  sourceId: number;
  destinationId: number;
}

export interface Sprint {
  id: number;
  boardId: number;
  name: string;
  state: 'future' | 'active' | 'closed';
  goal: string;
  created: number;
  started: number | null;
  ends: number | null;
  completed: number | null;
}

export interface Board {
  id: number;
  name: string;
  type: 'scrum' | 'kanban';
  projectId: number;
}

export interface Version {
  id: number;
  projectId: number;
  name: string;
  description: string;
  released: boolean;
  archived: boolean;
  startDate: string | null;
  releaseDate: string | null;
}

export interface Component {
  id: number;
  projectId: number;
  name: string;
  description: string;
  leadId: string | null;
}
