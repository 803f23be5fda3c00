/** Calls of the site's REST side: paced, retried as far as the site allows, and never taken for more than they are. */
import { AttacheError } from '../../../errors/attache-error.ts';
import type { SourceContext } from '../../source-context.ts';
import { asObject, type JsonObject } from '../json.ts';
import type { JiraSettings } from '../settings.ts';
import { pause, TokenBucket } from './token-bucket.ts';

export interface Answer<Value = JsonObject> {
  value: Value;
  /** Milliseconds by the site's clock, down to the second, so that nothing later is mistaken for seen. */
  at: number;
}

interface Call {
  method: 'GET' | 'POST';
  /** Below the site's address, e.g. `/rest/api/2/issue/10001`. */
  path: string;
  /** The endpoint without ids, for its budget: `issue`. */
  endpoint: string;
  query?: Record<string, string | number>;
  body?: unknown;
}

interface Failed {
  failure: AttacheError;
  /** How long the site says to wait; null when it does not say. */
  waitMs: number | null;
}

const attempts = 5;
const longestWaitMs = 10 * 60_000;
const answerMs = 60_000;

export class JiraClient {
  private readonly context: SourceContext<JiraSettings>;
  private readonly bucket: TokenBucket;
  private readonly base: string;

  constructor(context: SourceContext<JiraSettings>) {
    this.context = context;
    this.bucket = new TokenBucket(context.settings.requests_per_second);
    this.base = (context.settings.gateway_url ?? context.settings.url).replace(/\/+$/, '');
  }

  get isCloud(): boolean {
    return this.context.settings.deployment === 'cloud';
  }

  /** An answer that must be an object. */
  object(call: Call): Promise<Answer> {
    return this.demand(call, asObject, 'a JSON object');
  }

  /** An answer that must be a list. */
  list(call: Call): Promise<Answer<unknown[]>> {
    return this.demand(call, (value) => (Array.isArray(value) ? value : null), 'a JSON list');
  }

  /** Null when the site says that there is no such thing, or that we may not see it. */
  async objectIfThere(call: Call): Promise<Answer | null> {
    try {
      return await this.object(call);
    } catch (thrown) {
      if (thrown instanceof AttacheError && thrown.code === 'source_missing') return null;
      throw thrown;
    }
  }

  private async demand<Value>(
    call: Call,
    take: (value: unknown) => Value | null,
    what: string,
  ): Promise<Answer<Value>> {
    for (let attempt = 1; ; attempt += 1) {
      this.context.signal.throwIfAborted();
      await this.bucket.take(`${call.method} ${call.endpoint}`, this.context.signal);
      const outcome = taken(call, await this.attempt(call), take, what);
      if ('value' in outcome) return outcome;
      if (!outcome.failure.retryable || attempt >= attempts) throw outcome.failure;
      const waitMs = outcome.waitMs ?? 500 * 2 ** attempt * (0.75 + Math.random() / 2);
      if (waitMs > longestWaitMs) throw outcome.failure;
      this.bucket.rest(`${call.method} ${call.endpoint}`, waitMs);
      await pause(waitMs, this.context.signal);
    }
  }

  private async attempt(call: Call): Promise<Answer<unknown> | Failed> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.address(call), {
        method: call.method,
        redirect: 'error',
        headers: {
          authorization: this.authorization(),
          accept: 'application/json',
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        signal: AbortSignal.any([this.context.signal, AbortSignal.timeout(answerMs)]),
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
      text = await response.text();
    } catch (cause) {
      this.context.signal.throwIfAborted();
      const message = `${call.method} ${call.path} of ${new URL(this.base).host} was not answered: ${(cause as Error).message}`;
      return { failure: new AttacheError('source_unreachable', { message, retryable: true, cause }), waitMs: null };
    }
    if (!response.ok) return { failure: refusal(call, response.status), waitMs: waitOf(response) };
    const date = Date.parse(response.headers.get('date') ?? '');
    try {
      return { value: JSON.parse(text), at: Number.isNaN(date) ? Date.now() - 60_000 : date };
    } catch {
      return { failure: unreadable(call, 'the answer is not JSON'), waitMs: null };
    }
  }

  private address({ path, query = {} }: Call): string {
    const url = new URL(this.base + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    return url.toString();
  }

  private authorization(): string {
    const { email, token_env } = this.context.settings;
    const token = this.context.secret(token_env!);
    return email === undefined ? `Bearer ${token}` : `Basic ${Buffer.from(`${email}:${token}`).toString('base64')}`;
  }
}

/** An answer of another shape, such as null or a page, is no answer, whatever its status. */
function taken<Value>(
  call: Call,
  outcome: Answer<unknown> | Failed,
  take: (value: unknown) => Value | null,
  what: string,
): Answer<Value> | Failed {
  if ('failure' in outcome) return outcome;
  const value = take(outcome.value);
  if (value === null) return { failure: unreadable(call, `the answer is not ${what}`), waitMs: null };
  return { value, at: outcome.at };
}

/** `Retry-After` as seconds or as a date. */
function waitOf(response: Response): number | null {
  const given = response.headers.get('retry-after');
  if (given === null) return null;
  if (/^\d+$/.test(given.trim())) return Number(given) * 1_000;
  const date = Date.parse(given);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

function refusal({ method, path }: Call, status: number): AttacheError {
  const message = `${method} ${path} was answered with ${status}.`;
  if (status === 401) return new AttacheError('source_auth', { message, hint: 'Check email and token of the source.' });
  if (status === 403)
    return new AttacheError('source_forbidden', { message, hint: 'The account lacks a right for this.' });
  if (status === 404) return new AttacheError('source_missing', { message });
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500;
  return new AttacheError('source_failed', { message, retryable });
}

function unreadable({ method, path }: Call, why: string): AttacheError {
  return new AttacheError('source_data', { message: `${method} ${path}: ${why}.`, retryable: true });
}
