/** The site's clock: strictly forward with every change. It stands still between changes unless it follows the wall. */
export interface SiteClock {
  now(): number;
  /** Moves time on by whole milliseconds. */
  advance(milliseconds: number): void;
  /** The moment of the next change: never equal to an earlier one. */
  tick(): number;
}

/** Moves only when told: a history is repeatable to the millisecond. */
export function createClock(startsAt: number, stepMilliseconds: number): SiteClock {
  let current = startsAt;
  return {
    now: () => current,
    advance: (milliseconds) => {
      current += Math.max(0, Math.trunc(milliseconds));
    },
    tick: () => {
      current += stepMilliseconds;
      return current;
    },
  };
}

/** Goes with real time, for receivers that compare events and search windows with their own clock. */
export function createWallClock(wallNow: () => number = Date.now): SiteClock {
  let ahead = 0;
  let last = 0;
  const now = () => Math.max(last, wallNow() + ahead);
  return {
    now,
    advance: (milliseconds) => {
      ahead += Math.max(0, Math.trunc(milliseconds));
    },
    tick: () => {
      last = Math.max(last + 1, now());
      return last;
    },
  };
}
