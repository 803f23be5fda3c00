/** What a refusal of BigQuery means here: our code, what to do next, and whether trying again can help. Judged by status and reason, never by the text, which may be a generic one. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { ErrorCode } from '../../errors/codes.ts';
import { redact } from '../../errors/redact.ts';
import { identityText } from './credentials.ts';
import { Silence } from './patience.ts';
import { payerOf, type Settings } from './settings.ts';

/** One failure of a call or a job, in one form. */
export interface RestFault {
  /** BigQuery's stable word, e.g. `accessDenied`; our own for what never reached it. */
  reason: string;
  status: number | null;
  message: string;
  /** Trying the same call again may help. */
  transient: boolean;
  cause: unknown;
}

/** What a job ended with, as it stands in the job. */
export interface JobError {
  reason?: string;
  message?: string;
  location?: string;
}

interface ClientError {
  code?: number | string;
  message?: string;
  errors?: { reason?: string; message?: string }[];
  details?: { reason?: string }[];
  response?: { body?: { error?: { message?: string; details?: { reason?: string }[] } } };
}

export function restFault(thrown: unknown): RestFault {
  if (thrown instanceof Silence)
    return { reason: 'silence', status: null, message: thrown.message, transient: true, cause: thrown };
  const error = thrown as ClientError;
  const status = typeof error.code === 'number' ? error.code : null;
  const answered = error.errors?.find((one) => one.reason !== undefined);
  const message = error.errors?.map((one) => one.message).find(Boolean) ?? error.message ?? String(thrown);
  const reason = reasonOf(error, answered?.reason, message);
  return { reason, status, message, transient: isTransient(reason, status), cause: thrown };
}

/** What a status of gRPC is called by REST. */
const grpcReasons: Record<number, string> = {
  1: 'stopped',
  3: 'invalid',
  4: 'silence',
  5: 'notFound',
  7: 'accessDenied',
  8: 'rateLimitExceeded',
  9: 'sessionExpired',
  10: 'backendError',
  13: 'internalError',
  14: 'backendError',
  16: 'authError',
};

/** A failure of the Storage Read API. */
export function storageFault(thrown: unknown): RestFault {
  const { code, details, message } = thrown as { code?: unknown; details?: string; message?: string };
  if (thrown instanceof Silence || typeof code !== 'number' || code < 1 || code > 16) return restFault(thrown);
  const text = details ?? message ?? String(thrown);
  const reason = /USER_PROJECT_DENIED|serviceusage/.test(text)
    ? 'userProjectDenied'
    : (grpcReasons[code] ?? `grpc${code}`);
  return { reason, status: null, message: text, transient: isTransient(reason, null), cause: thrown };
}

/** A fault of a job that BigQuery accepted. */
export function jobFault({ reason = 'unknown', message = 'no reason given' }: JobError): RestFault {
  return { reason, status: null, message, transient: isTransient(reason, null), cause: null };
}

/** Codes of a key that cannot be read or is none. */
const ofTheKey = /^(ENOENT|EACCES|EISDIR|ERR_OSSL|ERR_CRYPTO)/;

function reasonOf(error: ClientError, answered: string | undefined, message: string): string {
  const said = `${message}${JSON.stringify([error.errors, error.response?.body?.error?.details])}`;
  const detail = /USER_PROJECT_DENIED|serviceusage/.test(said);
  if (detail) return 'userProjectDenied';
  if (answered !== undefined) return answered;
  if (typeof error.code === 'string') return ofTheKey.test(error.code) ? 'authError' : error.code;
  if (/JSON/.test(message)) return 'brokenAnswer';
  if (/credentials|token|invalid_grant|private key|PEM|DECODER/i.test(message)) return 'authError';
  return error.code === undefined ? 'brokenAnswer' : `http${error.code}`;
}

const transientReasons = new Set([
  'silence',
  'rateLimitExceeded',
  'jobRateLimitExceeded',
  'tooManyRequests',
  'backendError',
  'internalError',
  'jobBackendError',
  'jobInternalError',
  'tableUnavailable',
  // A service that is broken gives no reason; one that refuses does.
  'http500',
  'brokenAnswer',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
]);

function isTransient(reason: string, status: number | null): boolean {
  return transientReasons.has(reason) || status === 429 || status === 502 || status === 503 || status === 504;
}

interface Meaning {
  code: ErrorCode;
  hint: (settings: Settings) => string;
  retryable?: boolean;
}

const later = 'Nothing is lost: the tables keep their data, and the next run tries again.';
const busy: Meaning = {
  code: 'source_failed',
  hint: () => `BigQuery asked us to slow down. ${later}`,
  retryable: true,
};
const away: Meaning = {
  code: 'source_unreachable',
  hint: () => `Check the network between here and BigQuery. ${later}`,
  retryable: true,
};
const broken: Meaning = {
  code: 'source_failed',
  hint: () => `BigQuery had a fault of its own. ${later}`,
  retryable: true,
};
const missing: Meaning = {
  code: 'source_missing',
  hint: (settings) =>
    `Check project, dataset and table, and the location${settings.location === undefined ? '' : ` (${settings.location})`}: a dataset in another location is not found either.`,
};

/** By BigQuery's reason. */
const meanings: Record<string, Meaning> = {
  authError: {
    code: 'source_auth',
    hint: (settings) =>
      `Tried ${identityText(settings)}. Check that the key is whole and still valid, and that the machine’s clock is right.`,
  },
  userProjectDenied: {
    code: 'source_forbidden',
    hint: (settings) =>
      `Set \`billing_project\` to a project that the account may use, or grant it roles/serviceusage.serviceUsageConsumer on ${payerOf(settings)}.`,
  },
  accessDenied: {
    code: 'source_forbidden',
    hint: (settings) =>
      `Grant the account roles/bigquery.dataViewer on the data, and roles/bigquery.jobUser and roles/bigquery.readSessionUser on ${payerOf(settings)}.`,
  },
  billingNotEnabled: {
    code: 'source_forbidden',
    hint: (settings) => `Enable billing for ${payerOf(settings)}, or set \`billing_project\` to a project that has it.`,
  },
  notFound: missing,
  invalidQuery: {
    code: 'query_failed',
    hint: () => 'The text is BigQuery’s own. Correct `options.sql`, `where` or `columns` of the table.',
  },
  invalid: { code: 'query_failed', hint: () => 'The text is BigQuery’s own. Correct the options of the table.' },
  responseTooLarge: {
    code: 'source_failed',
    hint: () => 'Narrow the table with `columns`, `where` or an aggregating `options.sql`.',
  },
  resourcesExceeded: {
    code: 'source_failed',
    hint: () => 'The query needs more than BigQuery gives one query. Narrow it, or aggregate in steps.',
  },
  bytesBilledLimitExceeded: {
    code: 'over_cap',
    hint: () =>
      'BigQuery stopped the query before it cost more. Raise `max_bytes_per_table` of the source, or narrow the table.',
  },
  quotaExceeded: {
    code: 'source_failed',
    hint: (settings) =>
      `A quota of ${payerOf(settings)} is used up. Raise it in the Cloud console, or wait until it is renewed.`,
    retryable: true,
  },
  stopped: {
    code: 'source_failed',
    hint: (settings) =>
      `The query was cancelled or took longer than query_timeout_seconds (${settings.query_timeout_seconds} s).`,
    retryable: true,
  },
  timeout: {
    code: 'timed_out',
    hint: () => 'Raise query_timeout_seconds of the source, or narrow the table.',
  },
  silence: {
    code: 'source_unreachable',
    hint: (settings) => `Twice nothing came for ${settings.stall_timeout_seconds} s (stall_timeout_seconds). ${later}`,
    retryable: true,
  },
  sessionExpired: {
    code: 'source_failed',
    hint: () => `A read session lives for six hours. ${later}`,
    retryable: true,
  },
  rateLimitExceeded: busy,
  jobRateLimitExceeded: busy,
  tooManyRequests: busy,
  http429: busy,
  backendError: broken,
  internalError: broken,
  jobBackendError: broken,
  jobInternalError: broken,
  tableUnavailable: broken,
  brokenAnswer: broken,
  http500: broken,
  http502: broken,
  http503: broken,
  http504: broken,
  ECONNREFUSED: away,
  ECONNRESET: away,
  ENOTFOUND: away,
  EAI_AGAIN: away,
  ETIMEDOUT: away,
  EPIPE: away,
};

const byStatus: Record<number, string> = {
  401: 'authError',
  403: 'accessDenied',
  404: 'notFound',
  400: 'invalid',
  429: 'http429',
};

/** `doing` completes "BigQuery: … failed". */
export function explainError(fault: RestFault, doing: string, settings: Settings): AttacheError {
  const meaning = meanings[fault.reason] ?? meanings[byStatus[fault.status ?? 0] ?? ''];
  return new AttacheError(meaning?.code ?? 'source_failed', {
    message: `BigQuery: ${doing} failed: ${redact(firstLines(fault.message))} (${fault.reason})`,
    hint: meaning?.hint(settings) ?? 'The text is BigQuery’s own. The table keeps its data.',
    retryable: meaning?.retryable ?? false,
    cause: fault.cause,
  });
}

/** Whether an error says that a right is missing. */
export function isForbidden(thrown: unknown): boolean {
  return thrown instanceof AttacheError && thrown.code === 'source_forbidden';
}

const firstLines = (text: string) => text.split('\n').slice(0, 3).join(' ').trim();
