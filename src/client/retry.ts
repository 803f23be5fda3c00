/** Tries again what failed for a passing reason, with growing pauses. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttacheError, toAttacheError } from '../errors/attache-error.ts';
import { retryAfterOf } from './problem.ts';

const longestPauseMs = 30_000;

/** Waits before attempt `attempt`, counted from 0, that follows `error`; ends at once when cancelled. */
export async function pauseBefore(attempt: number, error: AttacheError, signal?: AbortSignal): Promise<void> {
  await sleep(pauseMs(attempt, error), undefined, { signal }).catch(() => {});
  signal?.throwIfAborted();
}

/** 0.3 s, 0.9 s, 2.7 s, … up to 8 s, spread a little, or what the server asked for. */
function pauseMs(attempt: number, error: AttacheError): number {
  const asked = retryAfterOf(error);
  if (asked !== null) return Math.min(asked, longestPauseMs);
  return Math.min(300 * 3 ** (attempt - 1), 8_000) * (0.8 + Math.random() * 0.4);
}

/** Runs `action` up to `attempts` times as long as its errors are retryable. */
export async function withRetries<Result>(
  action: () => Promise<Result>,
  { attempts = 5, signal }: { attempts?: number; signal?: AbortSignal } = {},
): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await action();
    } catch (thrown) {
      signal?.throwIfAborted();
      const error = toAttacheError(thrown);
      if (!error.retryable || attempt + 1 >= attempts) throw error;
      await pauseBefore(attempt + 1, error, signal);
    }
  }
}
