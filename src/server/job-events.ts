/** Sends a job's events as server-sent events, from where the listener left off. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JobEvent, JobFeed } from '../sync/job-feed.ts';
import type { JobRow } from '../system/jobs.ts';

const heartbeatMs = 15_000;
/** A listener this far behind is let go: it can come back with Last-Event-ID. */
const longestBacklogBytes = 1 << 20;

export function streamJobEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  job: JobRow,
  feed: JobFeed | null,
  stopping: AbortSignal,
): FastifyReply {
  const heard = lastHeard(request);
  const missed = feed?.since(heard ?? 0) ?? null;
  // A listener that comes back after the end: 204 tells an EventSource to stop coming.
  if (heard !== null && job.finished_at !== null && (missed === null || missed.length === 0))
    return reply.code(204).send();
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...headersSoFar(reply),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  if (request.method === 'HEAD') {
    raw.end();
    return reply;
  }
  if (missed === null) send({ id: feed?.position ?? null, name: 'job', data: job });
  else for (const event of missed) send(event);
  if (feed === null) {
    raw.end();
    return reply;
  }
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs);
  const stop = feed.listen((event) => (event === 'end' ? raw.end() : send(event)));
  const end = () => raw.end();
  stopping.addEventListener('abort', end, { once: true });
  raw.on('close', () => {
    clearInterval(heartbeat);
    stop();
    stopping.removeEventListener('abort', end);
  });
  return reply;

  function send({ id, name, data }: JobEvent): void {
    raw.write(`${id === null ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    if (raw.writableLength > longestBacklogBytes) raw.destroy();
  }
}

/** The number in `Last-Event-ID`, or null when the listener is new. */
function lastHeard(request: FastifyRequest): number | null {
  const header = request.headers['last-event-id'];
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : null;
}

function headersSoFar(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));
}
