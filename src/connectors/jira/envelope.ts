/** The envelope of an event: which delivery, what, when, and whether it is this site's and of this time. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { EventFacts, IncomingEvent } from '../receive-way.ts';
import { asObject, type JsonObject, member, numberAt, objectAt, textAt } from './json.ts';
import type { JiraSettings } from './settings.ts';

const furthestAheadMs = 5 * 60_000;

export function admit(settings: JiraSettings, { headers, body, receivedAt }: IncomingEvent): EventFacts {
  const event = parseEvent(body);
  const occurredAt = numberAt(event, 'timestamp');
  if (occurredAt !== null) checkAge(settings, occurredAt, receivedAt);
  checkSite(settings, event);
  return {
    identifier: headers['x-atlassian-webhook-identifier']?.slice(0, 200) ?? null,
    name: textAt(event, 'webhookEvent')?.slice(0, 200) ?? null,
    occurredAt,
  };
}

export function parseEvent(body: Buffer): JsonObject {
  let event: unknown;
  try {
    event = JSON.parse(body.toString());
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

function checkAge({ max_age_hours }: JiraSettings, occurredAt: number, now: number): void {
  if (now - occurredAt > max_age_hours * 3_600_000)
    throw new AttacheError('malformed', { message: `The event is older than ${max_age_hours} hours.` });
  if (occurredAt - now > furthestAheadMs)
    throw new AttacheError('malformed', { message: 'The event lies more than five minutes ahead of the clock.' });
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
function checkSite({ url }: JiraSettings, event: JsonObject): void {
  const host = new URL(url).host;
  for (const name of entities) {
    const self = textAt(objectAt(event, name), 'self');
    if (self === null || member(event, name) === undefined) continue;
    if (!URL.canParse(self) || new URL(self).host !== host)
      throw new AttacheError('malformed', { message: `The event is of another site than ${host}.` });
  }
}
