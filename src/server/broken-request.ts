/** Answers what never became a request: bytes that are no HTTP, headers beyond the limit, a sender that is too slow. */
import { randomUUID } from 'node:crypto';
import { maxHeaderSize, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AttacheError } from '../errors/attache-error.ts';
import type { Log } from '../sync/sync-parts.ts';
import { problemOf } from './problem.ts';

/** For the event `clientError` of an HTTP server: a problem document where one can still be read, and the end of the connection. */
export function answerBrokenRequests(log: Pick<Log, 'info'>) {
  return (thrown: NodeJS.ErrnoException, socket: Socket): void => {
    if (canStillAnswer(thrown, socket)) {
      const [error, requestId] = [brokenRequest(thrown), randomUUID()];
      log.info({ request: requestId, status: error.status }, error.message);
      socket.write(answerOf(error, requestId));
    }
    socket.destroy();
  };
}

/** Not into the middle of an answer that is under way: the client would take it for content. */
function canStillAnswer({ code }: NodeJS.ErrnoException, socket: Socket): boolean {
  const { _httpMessage: answer } = socket as Socket & { _httpMessage?: ServerResponse | null };
  return code !== 'ECONNRESET' && socket.writable && answer?.headersSent !== true;
}

function brokenRequest({ code, message }: NodeJS.ErrnoException): AttacheError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new AttacheError('headers_too_large', {
      message: `The headers of the request are larger than ${maxHeaderSize} bytes.`,
      hint: 'Send fewer or shorter headers; a proxy or a cookie jar may have added some.',
    });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new AttacheError('request_timeout', {
      message: 'The request did not arrive in time.',
      hint: 'Send it again, and its headers and body without long pauses.',
      retryable: true,
    });
  return new AttacheError('malformed', {
    message: `The request is no HTTP that can be read: ${message.replace(/^Parse Error: /, '')}.`,
    hint: 'Check that the client speaks HTTP/1.1, without TLS, to this address, and that nothing between changes what it sends.',
  });
}

function answerOf(error: AttacheError, requestId: string): string {
  const body = JSON.stringify(problemOf(error, requestId));
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
