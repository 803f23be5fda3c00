/** Network failures as errors that say what can be done. */
import { AttacheError } from '../errors/attache-error.ts';

/** Failures of the address or the machine behind it, as opposed to a connection that broke. */
const noServer = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The error for a request to `url` that got no complete answer. */
export function unreachable(url: string, thrown: unknown): AttacheError {
  if (thrown instanceof AttacheError) return thrown;
  const code = networkCode(thrown);
  return new AttacheError('unreachable', {
    message: `${url} ${noServer.has(code) ? 'cannot be reached' : 'broke off its answer'} (${describe(thrown, code)}).`,
    hint: 'Check the address and your network; what is already synced keeps working offline.',
    retryable: true,
    cause: thrown,
  });
}

/** Whether nobody answered at the address at all, which makes asking for anything else pointless. */
export function isNobodyThere(error: AttacheError): boolean {
  return error.code === 'unreachable' && noServer.has(networkCode(error.cause));
}

function networkCode(thrown: unknown): string {
  const { code, cause } = (thrown ?? {}) as { code?: string; cause?: unknown };
  return code ?? (cause === undefined ? '' : networkCode(cause));
}

function describe(thrown: unknown, code: string): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message === '' || message.includes(code) ? message || code : `${code} ${message}`.trim();
}
