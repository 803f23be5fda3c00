/** The service's clock: it runs with real time and the test moves it forward. */
export class Clock {
  #offsetMs = 0;
  #frozenAt: number | undefined;

  now(): number {
    return (this.#frozenAt ?? Date.now()) + this.#offsetMs;
  }

  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  advance(ms: number): void {
    this.#offsetMs += ms;
  }

  /** Stops the clock, so that only `advance` moves it. */
  freeze(at = Date.now()): void {
    this.#frozenAt = at;
    this.#offsetMs = 0;
  }
}

/** A date as the service writes it: an offset of +0100 without a colon. */
export function serviceDate(ms: number): string {
  return `${new Date(ms + 3_600_000).toISOString().slice(0, 19)}+0100`;
}
