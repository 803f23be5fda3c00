/** Tries again what failed for a passing reason: pauses grow with full jitter, or are what the other side asked for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttacheError } from '../../../errors/attache-error.ts';
import { Postponed } from '../../postponed.ts';
import type { Limits } from '../settings.ts';

/** Thrown by an attempt that may go well the next time. */
export class Passing extends Error {
  readonly outcome: AttacheError;
  /** What the other side asked for. */
  readonly pauseMs: number | null;
  /** The request may have been carried out. */
  readonly ambiguous: boolean;

  constructor(outcome: AttacheError, facts: { pauseMs?: number | null; ambiguous?: boolean } = {}) {
    super(outcome.message);
    this.outcome = outcome;
    this.pauseMs = facts.pauseMs ?? null;
    this.ambiguous = facts.ambiguous ?? false;
  }
}

export interface Patience {
  limits: Limits;
  signal: AbortSignal;
  /** How many failures that may have been carried out are tried again; default all. */
  mostAmbiguous?: number;
}

const longestOwnPauseMs = 20_000;

/** Runs `attempt` until it goes well; ends with the last outcome, or as postponed when a longer pause is asked for than the limits allow. */
export async function withPatience<T>(
  { limits, signal, mostAmbiguous = Number.POSITIVE_INFINITY }: Patience,
  attempt: (count: number) => Promise<T>,
): Promise<T> {
  let ambiguous = 0;
  for (let count = 1; ; count += 1) {
    try {
      return await attempt(count);
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof Passing)) throw thrown;
      if (thrown.ambiguous) ambiguous += 1;
      if (thrown.pauseMs !== null && thrown.pauseMs > limits.longest_pause_seconds * 1000)
        throw new Postponed(
          `${thrown.outcome.message} It asks to wait ${Math.round(thrown.pauseMs / 1000)} s; the next run tries again.`,
          { cause: thrown.outcome },
        );
      if (count >= limits.tries || ambiguous > mostAmbiguous) throw thrown.outcome;
      await sleep(thrown.pauseMs ?? ownPauseMs(count, limits), undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  }
}

function ownPauseMs(count: number, limits: Limits): number {
  return Math.random() * Math.min(limits.first_pause_ms * 2 ** (count - 1), longestOwnPauseMs);
}

/** Milliseconds of a `Retry-After` header in seconds or as a date; null when there is none. */
export function retryAfterMs(header: string | undefined): number | null {
  if (header === undefined) return null;
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
