/** The custom fields of the site and how each is declared in `GET /field`. */
type CustomKind =
  | 'number'
  | 'text'
  | 'paragraph'
  | 'option'
  | 'options'
  | 'user'
  | 'moment'
  | 'date'
  | 'labels'
  | 'any';

export interface CustomField {
  readonly id: string;
  readonly name: string;
  readonly kind: CustomKind;
  /** The end of the schema's `custom` key. */
  readonly custom: string;
  readonly schema: { readonly type: string; readonly items?: string };
}

const basic = 'com.atlassian.jira.plugin.system.customfieldtypes:';

export const epicLinkField = 'customfield_10014';
export const sprintField = 'customfield_10020';

export const customFields: readonly CustomField[] = [
  {
    id: 'customfield_10016',
    name: 'Story Points',
    kind: 'number',
    custom: `${basic}float`,
    schema: { type: 'number' },
  },
  { id: 'customfield_10030', name: 'Severity', kind: 'option', custom: `${basic}select`, schema: { type: 'option' } },
  { id: 'customfield_10031', name: 'Slack link', kind: 'text', custom: `${basic}url`, schema: { type: 'string' } },
  {
    id: 'customfield_10032',
    name: 'Triage',
    kind: 'options',
    custom: `${basic}multicheckboxes`,
    schema: { type: 'array', items: 'option' },
  },
  { id: 'customfield_10033', name: 'Reviewer', kind: 'user', custom: `${basic}userpicker`, schema: { type: 'user' } },
  {
    id: 'customfield_10034',
    name: 'Go live',
    kind: 'moment',
    custom: `${basic}datetime`,
    schema: { type: 'datetime' },
  },
  {
    id: 'customfield_10035',
    name: 'Review date',
    kind: 'date',
    custom: `${basic}datepicker`,
    schema: { type: 'date' },
  },
  {
    id: 'customfield_10036',
    name: 'Notes',
    kind: 'paragraph',
    custom: `${basic}textarea`,
    schema: { type: 'string' },
  },
  {
    id: 'customfield_10038',
    name: 'Tags',
    kind: 'labels',
    custom: `${basic}labels`,
    schema: { type: 'array', items: 'string' },
  },
  {
    id: 'customfield_10050',
    name: 'Time to resolution',
    kind: 'any',
    custom: 'com.atlassian.servicedesk:sd-sla-field',
    schema: { type: 'sd-servicelevelagreement' },
  },
];

/** Fields nobody ever fills: real bodies are mostly such nulls, and their size comes from them. */
export const emptyFields: readonly string[] = Array.from({ length: 120 }, (_, i) => `customfield_${10300 + i}`);

export function customField(id: string): CustomField | undefined {
  return customFields.find((field) => field.id === id);
}
