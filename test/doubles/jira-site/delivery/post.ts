/** One HTTP POST with its deadline; a broken connection and silence are answers too. */
import { type Agent, request } from 'node:http';

export type Answer = { status: number; milliseconds: number } | { failure: string; milliseconds: number };

export function post(
  url: string,
  body: string,
  headers: Record<string, string>,
  agent: Agent,
  timeoutMilliseconds: number,
): Promise<Answer> {
  const started = performance.now();
  const took = () => performance.now() - started;
  return new Promise((resolve) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        agent,
        timeout: timeoutMilliseconds,
        headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, milliseconds: took() }));
        answer.on('error', (error) => resolve({ failure: error.message, milliseconds: took() }));
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', (error) => resolve({ failure: error.message, milliseconds: took() }));
    outgoing.end(body);
  });
}
