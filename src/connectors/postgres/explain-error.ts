/** What an error of Postgres, the network or TLS means here: our code, what to do next, and whether trying again can help. */

import { AttacheError } from '../../errors/attache-error.ts';
import type { ErrorCode } from '../../errors/codes.ts';
import { redact } from '../../errors/redact.ts';

interface Meaning {
  code: ErrorCode;
  hint: string;
  retryable?: boolean;
}

const auth: Meaning = {
  code: 'source_auth',
  hint: 'Check the user and the password in the source’s address, and what pg_hba.conf allows for them.',
};
const waitAndRetry = 'Nothing is lost; the next run tries again.';

/** By SQLSTATE, or by its class of two characters. */
const bySqlState: Record<string, Meaning> = {
  '28P01': auth,
  '28000': auth,
  '3D000': { code: 'source_missing', hint: 'Check the database’s name in the source’s address.' },
  '3F000': { code: 'source_missing', hint: 'Check the bucket: it is the name of a schema.' },
  '42P01': { code: 'source_missing', hint: 'The table was renamed or dropped. Register it under its new name.' },
  '42703': {
    code: 'source_missing',
    hint: 'A column was renamed or dropped while it was read. Sync again.',
    retryable: true,
  },
  '42501': {
    code: 'source_forbidden',
    hint: 'GRANT USAGE on the schema and SELECT on the table to the source’s role.',
  },
  '25006': { code: 'source_forbidden', hint: 'Sources are only read. The view or function writes; leave it out.' },
  '53300': {
    code: 'source_unreachable',
    hint: 'Lower `connections` of the source or raise max_connections of the server.',
    retryable: true,
  },
  '53': { code: 'source_failed', hint: `The server is short of memory or disk. ${waitAndRetry}`, retryable: true },
  '55P03': {
    code: 'source_failed',
    hint: 'Somebody holds a lock on the table. Raise lock_timeout_seconds, or sync at another time.',
    retryable: true,
  },
  '57014': {
    code: 'source_failed',
    hint: 'The server cancelled the statement: a time limit (statement_timeout of the role or the source), or a person.',
    retryable: true,
  },
  '57P03': { code: 'source_unreachable', hint: `The server is starting or stopping. ${waitAndRetry}`, retryable: true },
  '57': {
    code: 'source_failed',
    hint: `The server was stopped or the connection was ended by an administrator. ${waitAndRetry}`,
    retryable: true,
  },
  '25P03': {
    code: 'source_failed',
    hint: 'The server ends idle transactions sooner than this run needs. Raise idle_in_transaction_session_timeout for the role.',
    retryable: true,
  },
  '40': {
    code: 'source_failed',
    hint: `The read conflicted with other work on the server (on a standby: with its recovery). ${waitAndRetry}`,
    retryable: true,
  },
  '08': { code: 'source_unreachable', hint: `The connection broke. ${waitAndRetry}`, retryable: true },
  '22': {
    code: 'source_data',
    hint: 'A value of the table or a view’s expression fails on the server itself; the message says which.',
  },
  XX001: { code: 'source_data', hint: 'The table’s storage is damaged on the server. Ask its administrator.' },
  XX002: {
    code: 'source_data',
    hint: 'An index of the table is damaged on the server. Ask its administrator to reindex it.',
  },
};

/** By `code` of a Node error. */
const byNodeCode: Record<string, Meaning> = {
  ECONNREFUSED: {
    code: 'source_unreachable',
    hint: 'Check host and port, and that the server runs and listens there.',
    retryable: true,
  },
  ENOTFOUND: { code: 'source_unreachable', hint: 'Check the host’s name in the source’s address.', retryable: true },
  EAI_AGAIN: { code: 'source_unreachable', hint: `The name server does not answer. ${waitAndRetry}`, retryable: true },
  ENOENT: {
    code: 'source_unreachable',
    hint: 'There is no socket in that folder; check `host` in the source’s address.',
    retryable: true,
  },
  ECONNRESET: {
    code: 'source_unreachable',
    hint: `The server or something in between closed the connection. ${waitAndRetry}`,
    retryable: true,
  },
  EPIPE: {
    code: 'source_unreachable',
    hint: `The server or something in between closed the connection. ${waitAndRetry}`,
    retryable: true,
  },
  ETIMEDOUT: {
    code: 'source_unreachable',
    hint: 'Check the network between here and the server: a firewall may drop the packets.',
    retryable: true,
  },
  EHOSTUNREACH: { code: 'source_unreachable', hint: 'Check the network between here and the server.', retryable: true },
  ENETUNREACH: { code: 'source_unreachable', hint: 'Check the network between here and the server.', retryable: true },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: 'source_unreachable',
    hint: 'The certificate is for another name. Connect by that name, or set tls: verify-ca when you trust the authority alone.',
  },
};

const untrusted: Meaning = {
  code: 'source_unreachable',
  hint: 'Set `ca` to the certificate that signed the server’s. `tls: require` encrypts without verifying; only for networks you trust.',
};

/** By what the driver says when there is no code. */
const byMessage: [RegExp, Meaning][] = [
  [
    /does not support SSL/i,
    {
      code: 'source_unreachable',
      hint: 'The server offers no TLS. Switch it on there, or set `tls: disable` if the network is trusted.',
    },
  ],
  [/self-signed|unable to (get|verify)|certificate/i, untrusted],
  [/timeout expired|timed? ?out/i, byNodeCode.ETIMEDOUT!],
  [/password must be a string|SASL|SCRAM/i, auth],
  [/Connection terminated|Client has encountered a connection error|not queryable|socket/i, byNodeCode.ECONNRESET!],
];

/** `doing` completes "Postgres: … failed", e.g. `reading public.orders`. */
export function explainError(thrown: unknown, doing: string): AttacheError {
  if (thrown instanceof AttacheError) return thrown;
  const error = thrown as { message?: string; code?: string; detail?: string; errors?: unknown[] };
  // Node reports several addresses of one host as one error without a message.
  const first = error.errors?.[0] as { message?: string; code?: string } | undefined;
  const message = redact(error.message || first?.message || String(thrown));
  const code = error.code ?? first?.code ?? '';
  const meaning = meaningOf(code, message);
  return new AttacheError(meaning.code, {
    message: `Postgres: ${doing} failed: ${message}${/^[0-9A-Z]{5}$/.test(code) ? ` (SQLSTATE ${code})` : ''}`,
    hint: meaning.hint,
    retryable: meaning.retryable ?? false,
    cause: thrown,
  });
}

function meaningOf(code: string, message: string): Meaning {
  return (
    bySqlState[code] ??
    bySqlState[code.length === 5 ? code.slice(0, 2) : ''] ??
    byNodeCode[code] ??
    byMessage.find(([pattern]) => pattern.test(message))?.[1] ?? {
      code: 'source_failed',
      hint: 'The message is the server’s own. The table keeps its data.',
    }
  );
}
