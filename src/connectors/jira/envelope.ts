/** The envelope of an event: which delivery, what, when, and whether it is this site's and of this time. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { Admission, IncomingEvent } from '../receive-way.ts';
import { asObject, type JsonObject, numberAt, objectAt, textAt } from './json.ts';
import type { JiraSettings } from './settings.ts';

const furthestAheadMs = 5 * 60_000;

export function admit(settings: JiraSettings, { headers, body, receivedAt }: IncomingEvent): Admission {
  const event = parseEvent(body);
  const occurredAt = numberAt(event, 'timestamp');
  const facts = {
    identifier: headers['x-atlassian-webhook-identifier']?.slice(0, 200) ?? null,
    name: textAt(event, 'webhookEvent')?.slice(0, 200) ?? null,
    occurredAt,
  };
  return { facts, aside: ageFault(settings, occurredAt, receivedAt) ?? siteFault(settings, event) };
}

/** In text within the body the quotes are escaped, so only members match. */
const emptyField = /"customfield_\d+":null,(?=")/g;

/** Without the empty ones among a site's hundreds of custom fields, which take two thirds of the time to parse a body and say what their absence says. */
export function parseEvent(body: Buffer): JsonObject {
  let event: unknown;
  try {
    event = JSON.parse(body.toString().replace(emptyField, ''));
  } catch (cause) {
    throw new AttacheError('malformed', {
      message:
        body.length === 0 ? 'The event has no body; untick "exclude body" of the webhook.' : 'The event is not JSON.',
      cause,
    });
  }
  const object = asObject(event);
  if (object === null) throw new AttacheError('malformed', { message: 'The event is not a JSON object.' });
  return object;
}

function ageFault({ max_age_hours }: JiraSettings, occurredAt: number | null, now: number): string | null {
  if (occurredAt === null) return null;
  if (now - occurredAt > max_age_hours * 3_600_000) return `The event is older than ${max_age_hours} hours.`;
  return occurredAt - now > furthestAheadMs ? 'The event lies more than five minutes ahead of the clock.' : null;
}

const entities = [
  'issue',
  'comment',
  'worklog',
  'attachment',
  'sprint',
  'board',
  'version',
  'project',
  'user',
  'configuration',
];

/** `self` of the entity names the site; where none stands, the signature alone speaks. */
function siteFault({ url }: JiraSettings, event: JsonObject): string | null {
  const { host } = new URL(url);
  const isOther = entities
    .map((name) => textAt(objectAt(event, name), 'self'))
    .some((self) => self !== null && (!URL.canParse(self) || new URL(self).host !== host));
  return isOther ? `The event is of another site than ${host}.` : null;
}
