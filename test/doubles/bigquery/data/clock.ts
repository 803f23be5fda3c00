/** The service's clock. Changes get stamps in microseconds, each in a later millisecond than the one before. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  nowMs(): number;
  /** A moment for a change: later than all earlier changes, so that lastModifiedTime always moves. */
  nextStamp(): Promise<number>;
}

export function startClock(now: () => number): Clock {
  let last = 0;
  return {
    nowMs: () => Math.max(now(), last),
    nextStamp: async () => {
      // A scripted clock may stand still; then the stamp runs ahead of it.
      for (let tries = 0; tries < 5 && now() <= last; tries++) await sleep(1);
      last = Math.max(now(), last + 1);
      return last * 1000;
    },
  };
}
