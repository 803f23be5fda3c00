/** The site's clock: it moves only when told, and strictly forward with every change, so a history is repeatable. */
export interface SiteClock {
  now(): number;
  /** Moves time on by whole milliseconds. */
  advance(milliseconds: number): void;
  /** The moment of the next change: never equal to an earlier one. */
  tick(): number;
}

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
