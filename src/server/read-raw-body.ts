/** The exact bytes of a body, counted while they arrive: what is too large or too slow is cut off before it costs anything. */
import type { IncomingMessage } from 'node:http';
import { AttacheError } from '../errors/attache-error.ts';
import type { BodyBudget } from './body-budget.ts';

const longestMs = 10_000;

export function readRawBody(request: IncomingMessage, limit: number, budget: BodyBudget): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge(request, limit));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (error: Error | null) => {
      clearTimeout(timer);
      request.removeAllListeners('data');
      if (error === null) resolve(Buffer.concat(chunks, bytes));
      else reject(error);
    };
    const timer = setTimeout(() => {
      stopReading(request);
      end(new AttacheError('unavailable', { message: 'The body did not arrive in time.', retryable: true }));
    }, longestMs);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limit) end(tooLarge(request, limit));
      else if (!budget.take(request, chunk.length)) end(tooMuch(request));
      else chunks.push(chunk);
    });
    request.on('end', () => end(null));
    request.on('error', (cause) => end(new AttacheError('malformed', { message: 'The body broke off.', cause })));
  });
}

function tooLarge(request: IncomingMessage, limit: number): AttacheError {
  stopReading(request);
  return new AttacheError('body_too_large', {
    message: `The body is larger than the ${limit} bytes this source takes.`,
    hint: 'Raise max_body of the source, up to 25 MB.',
  });
}

function tooMuch(request: IncomingMessage): AttacheError {
  stopReading(request);
  return new AttacheError('unavailable', {
    message: 'More is sent at once than the server takes.',
    hint: 'Send it again in a moment.',
    retryable: true,
  });
}

/** The rest is not read: the connection ends soon after the answer. */
function stopReading(request: IncomingMessage): void {
  request.pause();
  setTimeout(() => request.destroy(), 500).unref();
}
