/** How far pushed events are behind on the server, for those who look at their copy. Silence when the server does not answer at once: the copy is what counts. */
import { ServerClient } from '../client/server-client.ts';

export interface EventsLag {
  /** Sources that push. */
  sources: number;
  /** Age in milliseconds of the oldest event that is stored and not visible yet. */
  lag_ms: number;
  /** Events that wait to be applied. */
  inbox_depth: number;
}

const patienceMs = 1_500;

/** Null when no source pushes, or nobody answers. */
export async function askLag(server: string | null): Promise<EventsLag | null> {
  if (server === null) return null;
  await using client = new ServerClient({ url: server, token: null }, { stallMs: patienceMs });
  try {
    const { body } = await client.json<{ ready?: { events?: EventsLag } }>('/api/health?probe=ready', {
      signal: AbortSignal.timeout(patienceMs),
    });
    const events = body.ready?.events;
    if (events === undefined || !(events.sources > 0)) return null;
    const { sources, lag_ms, inbox_depth } = events;
    return { sources, lag_ms, inbox_depth };
  } catch {
    return null; // An older server, or none that can be reached: what the workspace holds is told all the same.
  }
}
