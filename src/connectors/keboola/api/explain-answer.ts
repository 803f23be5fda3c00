/** What a refusal of the stack means: our code, what to do next, and whether it passes. */
import { AttacheError } from '../../../errors/attache-error.ts';
import type { ErrorCode } from '../../../errors/codes.ts';
import { redact } from '../../../errors/redact.ts';
import { Postponed } from '../../postponed.ts';
import { Passing, retryAfterMs } from './patience.ts';

export interface Refusal {
  status: number;
  headers: Record<string, string>;
  text: string;
}

const longestText = 500;

interface Meaning {
  code: ErrorCode;
  hint: string;
}

const meanings: Record<number, Meaning> = {
  400: { code: 'source_failed', hint: 'Check the columns and the conditions of the table; the message says which.' },
  401: { code: 'source_auth', hint: 'Put a valid Storage API token into the variable named by token_env.' },
  403: { code: 'source_forbidden', hint: 'Give the token read permission for the bucket.' },
  404: { code: 'source_missing', hint: 'It was renamed or dropped. `da admin registry discover` lists what is there.' },
  422: { code: 'source_failed', hint: 'Check the columns and the conditions of the table; the message says which.' },
};

const passing = new Set([408, 409, 423, 429, 500, 502, 503, 504]);
/** The stack may have done what was asked before it answered so. */
const ambiguous = new Set([408, 500, 502, 504]);

/** The error to throw for a refusal of `what`. */
export function refusalOf(what: string, refusal: Refusal, secrets: readonly string[]): Error {
  const { status, headers } = refusal;
  const said = saidBy(refusal);
  const text = redact(said.text, secrets);
  const maintenance = status === 503 && said.maintenance;
  if (maintenance)
    return new Postponed(`The stack is under maintenance${text === '' ? '' : ` (${text})`}; the next run tries again.`);
  const meaning = meanings[status];
  const outcome = new AttacheError(meaning?.code ?? (passing.has(status) ? 'source_unreachable' : 'source_failed'), {
    message: `${what}: the stack answered ${status}${text === '' ? '' : `, ${text}`}.`,
    hint:
      meaning?.hint ??
      (status >= 300 && status < 400
        ? 'Redirects are not followed, because the token would go with them. Configure the address of the stack itself.'
        : 'The table keeps its data; the next run tries again.'),
    retryable: passing.has(status),
  });
  if (!passing.has(status)) return outcome;
  return new Passing(outcome, { pauseMs: retryAfterMs(headers['retry-after']), ambiguous: ambiguous.has(status) });
}

/** The error to throw for a connection that failed before or while an answer came. */
export function brokenConnection(what: string, thrown: unknown): Passing {
  const cause = thrown as NodeJS.ErrnoException;
  const reason = cause.code ?? cause.name ?? 'unknown';
  return new Passing(
    new AttacheError('source_unreachable', {
      message: `${what}: the connection failed (${reason}${cause.message ? `: ${redact(cause.message)}` : ''}).`,
      hint: 'Check the address of the stack and the network; the table keeps its data.',
      retryable: true,
      cause: thrown,
    }),
    { ambiguous: !beforeSending.has(reason) },
  );
}

const beforeSending = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH']);

/** Parses leniently: the Storage API says `error` and `code`, others `exception` or `message`, gateways send a page. */
function saidBy({ text }: Refusal): { text: string; maintenance: boolean } {
  try {
    const said = JSON.parse(text) as Record<string, unknown>;
    const sentence = ['error', 'exception', 'message', 'reason'].map((key) => said[key]).find((part) => part);
    const facts = ['code', 'exceptionId'].flatMap((key) => (said[key] ? [`${key} ${String(said[key])}`] : []));
    return {
      text: [String(sentence ?? '').replaceAll('\n', '; '), ...facts].filter(Boolean).join(', ').slice(0, longestText),
      maintenance: said.status === 'maintenance',
    };
  } catch {
    const plain = text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    return { text: plain.trim().slice(0, longestText), maintenance: false };
  }
}
