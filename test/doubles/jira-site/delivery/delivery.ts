/** One POST Jira makes for one event, before it is sent. */
export type Flow = 'Primary' | 'Secondary';

export interface Delivery {
  /** Position among everything the site sent. */
  readonly sequence: number;
  /** `X-Atlassian-Webhook-Identifier`: the same on every retry. */
  readonly identifier: string;
  /** Name of the event, also where the body does not say it (`user_deleted`). */
  readonly event: string;
  /** Site time of the change. */
  readonly at: number;
  readonly flow: Flow;
  readonly entity: { readonly kind: string; readonly id: string; readonly issueId?: string };
  /** The bytes that are signed and sent. */
  readonly body: string;
}
