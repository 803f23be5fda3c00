/** What a test may choose about a site. */
import type { Flavour } from './model/records.ts';

export interface SiteOptions {
  flavour: Flavour;
  /** Seed of identifiers and of everything else that looks random. */
  seed?: number;
  /** Site time at the start; tests whose receiver checks the age of events give a moment near their own clock. */
  startsAt?: number | Date;
  /** Milliseconds between two changes. */
  stepMilliseconds?: number;
  /** Host put into every `self`; by default the address the double listens on. */
  siteUrl?: string;
  /** The zone in which JQL reads wall-clock times and REST writes moments: the profile of the authenticated user. */
  profileZone?: string;
  auth?: SiteAuth;
  /** Users made at the start (`user_created` is sent for each); zones rotate among them. */
  users?: number;
  /** What happens around the deletion of an issue: events for its parts and links, or only `jira:issue_deleted`. */
  cascade?: 'all' | 'none';
  /** Whether linking also sends `jira:issue_updated` for both ends; their `updated` moves either way. */
  linkEvents?: 'with-issue-updates' | 'bare';
  /** Secret of the webhook; without one deliveries carry no signature. */
  secret?: string;
  /** Sends every event by itself to this address, as Jira does. */
  webhookUrl?: string;
  /** Real milliseconds that stand for one of Jira's minutes between retries. */
  minuteMilliseconds?: number;
  /** Ids of dynamic webhooks put into issue, comment, sprint and version events as `matchedWebhookIds`. */
  matchedWebhookIds?: readonly number[];
  /** Requests per second and burst allowed per method and route; unlimited when absent. */
  rateLimit?: { perSecond: number; burst: number; retryAfterSeconds?: number };
}

interface SiteAuth {
  email: string;
  token: string;
  /** A scoped token works only below `/ex/jira/{cloudId}`, and no other token works there. */
  scopedToken?: string;
  cloudId?: string;
}

export type FullOptions = Required<Omit<SiteOptions, 'siteUrl' | 'secret' | 'webhookUrl' | 'rateLimit' | 'startsAt'>> &
  Pick<SiteOptions, 'siteUrl' | 'secret' | 'webhookUrl' | 'rateLimit'> & { startsAt: number };

export function completeOptions(options: SiteOptions): FullOptions {
  const auth = options.auth ?? { email: 'reader@example.com', token: 'reader-token' };
  return {
    seed: 1,
    stepMilliseconds: 1_000,
    profileZone: 'America/Phoenix',
    users: 4,
    cascade: 'all',
    linkEvents: 'with-issue-updates',
    minuteMilliseconds: 5,
    matchedWebhookIds: [],
    ...options,
    auth: { cloudId: '11111111-2222-3333-4444-555555555555', scopedToken: 'scoped-token', ...auth },
    startsAt: Number(options.startsAt ?? Date.UTC(2026, 0, 15, 22, 30)),
  };
}
