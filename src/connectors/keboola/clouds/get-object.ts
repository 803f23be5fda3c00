/** Asks for one object, from a byte on, and says what a refusal means. */
import { AttacheError } from '../../../errors/attache-error.ts';
import { redact } from '../../../errors/redact.ts';
import { brokenConnection } from '../api/explain-answer.ts';
import { Passing, retryAfterMs } from '../api/patience.ts';
import { type Answer, ForbiddenTarget, type Transport } from '../api/transport.ts';
import type { FileCredentials } from './credentials.ts';

export interface Cloud {
  transport: Transport;
  credentials: FileCredentials;
  signal: AbortSignal;
}

/** Thrown when the object does not exist, also after tries. */
export class MissingObject extends Passing {}

/** The object from byte `from` on, status 200 (all of it) or 206; `tag` makes sure that it is still the same one. */
export async function getObject(
  { transport, credentials, signal }: Cloud,
  key: string,
  from = 0,
  tag: string | null = null,
): Promise<Answer> {
  const what = `Fetching ${key}`;
  const store = await credentials.current();
  const { url, headers } = await store.signed(key, {
    ...(from === 0 ? {} : { range: `bytes=${from}-` }),
    ...(from === 0 || tag === null ? {} : { 'if-match': tag }),
  });
  let answer: Answer;
  try {
    answer = await transport.cloud(url, { headers, signal });
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof ForbiddenTarget || (thrown as Error).cause instanceof ForbiddenTarget)
      throw new AttacheError('integrity', {
        message: `${what} was refused: ${(thrown as Error).message}.`,
        hint: 'The table keeps its data, and no credential was sent there.',
      });
    throw brokenConnection(what, thrown);
  }
  if (answer.status === 200 || answer.status === 206) return answer;
  const text = await shortText(answer).catch(() => '');
  const said = redact(
    text
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 300),
  );
  const outcome = (passes: boolean) =>
    new AttacheError(answer.status === 404 ? 'integrity' : 'source_failed', {
      message: `${what}: the cloud answered ${answer.status}${said === '' ? '' : `, ${said}`}.`,
      hint: 'The table keeps its data; the next run exports it again.',
      retryable: passes,
    });
  switch (true) {
    case answer.status === 401 ||
      answer.status === 403 ||
      (answer.status === 400 && /ExpiredToken|expired/i.test(text)):
      // Also the answer for an object that is a second old, so it may pass with the same credentials too.
      await credentials.renew(store);
      throw new Passing(outcome(true));
    case answer.status === 404:
      throw new MissingObject(outcome(true));
    case [408, 409, 412, 416, 429, 500, 502, 503, 504].includes(answer.status):
      throw new Passing(outcome(true), { pauseMs: retryAfterMs(answer.headers['retry-after']) });
    default:
      throw outcome(false);
  }
}

async function shortText({ body }: Answer): Promise<string> {
  let text = '';
  for await (const chunk of body) {
    text += String(chunk);
    if (text.length > 4_096) break;
  }
  return text;
}
