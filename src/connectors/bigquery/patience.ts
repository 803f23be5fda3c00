/** Waiting with an end: pauses that differ from client to client, and work that must show progress. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Thrown when nothing happened for too long. */
export class Silence extends Error {
  constructor(ms: number) {
    super(`no answer for ${Math.round(ms / 1000)} s`);
  }
}

const longestPauseMs = 20_000;

/** Waits between half of `ms` and all of it, so that those who were sent away together do not come back together. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const capped = Math.min(ms, longestPauseMs);
  await sleep(capped / 2 + Math.random() * (capped / 2), undefined, { signal });
}

/** The work's result, unless it takes longer than `ms` or the signal is aborted; the work itself is left to its fate. `since` tells when somebody was asked who may be late, as `performance.now()`. */
export async function withinTime<T>(
  work: Promise<T>,
  ms: number,
  signal: AbortSignal,
  since: () => number = constant(performance.now()),
): Promise<T> {
  signal.throwIfAborted();
  let release = () => {};
  const end = new Promise<never>((_, reject) => {
    let timer: NodeJS.Timeout;
    const wait = () => {
      const leftMs = since() + ms - performance.now();
      if (leftMs > 0) timer = setTimeout(wait, Math.ceil(leftMs));
      else reject(new Silence(ms));
    };
    wait();
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    release = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    };
  });
  // The loser of the race may still fail, with nobody listening.
  work.catch(() => {});
  try {
    return await Promise.race([work, end]);
  } finally {
    release();
  }
}

const constant =
  <T>(value: T) =>
  () =>
    value;
