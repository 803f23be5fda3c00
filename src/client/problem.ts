/** A server's error answer (RFC 9457 with our `code` and `hint`) as an error. */
import { AttacheError, type Fault } from '../errors/attache-error.ts';
import { type ErrorCode, errorCodes } from '../errors/codes.ts';
import { readLimited } from './read-limited.ts';
import type { ServerResponse } from './server-response.ts';

interface ProblemDocument {
  code?: string;
  title?: string;
  detail?: string;
  hint?: string;
  errors?: unknown;
}

const codeByStatus: Record<number, ErrorCode> = {
  400: 'usage',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  422: 'settings_invalid',
};

const askedPauses = new WeakMap<AttacheError, number>();

/** Reads the answer and returns the error it stands for; 429 and 5xx are worth another try. */
export async function problemOf(url: string, path: string, response: ServerResponse): Promise<AttacheError> {
  const problem = await readProblem(url, response);
  const code = problem.code !== undefined && problem.code in errorCodes ? (problem.code as ErrorCode) : undefined;
  const detail = problem.detail ?? problem.title;
  const error = new AttacheError(code ?? codeByStatus[response.status] ?? 'server_error', {
    message: detail ?? `${url}${path} answered ${response.status}.`,
    hint: problem.hint ?? hintFor(response.status),
    retryable: response.status === 429 || response.status >= 500,
    faults: faultsOf(problem.errors),
  });
  const asked = retryAfter(response);
  if (asked !== null) askedPauses.set(error, asked);
  return error;
}

/** In a problem document each fault has a `detail`; what stands there otherwise says nothing. */
function faultsOf(errors: unknown): Fault[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((each: { pointer?: unknown; detail?: unknown } | null) =>
    typeof each?.pointer === 'string' && typeof each.detail === 'string'
      ? [{ pointer: each.pointer, message: each.detail }]
      : [],
  );
}

/** How long the server asked to wait before the next attempt, or null. */
export function retryAfterOf(error: AttacheError): number | null {
  return askedPauses.get(error) ?? null;
}

async function readProblem(url: string, response: ServerResponse): Promise<ProblemDocument> {
  try {
    const parsed: unknown = JSON.parse(await readLimited(response.body, 1 << 20, url));
    return typeof parsed === 'object' && parsed !== null ? (parsed as ProblemDocument) : {};
  } catch {
    // The status alone has to do: a proxy in between answers in HTML.
    return {};
  }
}

function hintFor(status: number): string | undefined {
  if (status === 401) return 'Sign in with `da login`, or set DA_TOKEN.';
  if (status === 403) return 'Ask an administrator for access.';
  if (status >= 500) return 'Try again later; the server’s log says what happened.';
  return undefined;
}

function retryAfter(response: ServerResponse): number | null {
  const seconds = Number(response.headers['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
