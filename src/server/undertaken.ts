/** What has been started so far, stopped in the reverse order, once. */
export class Undertaken {
  private readonly stops: (() => unknown)[] = [];
  private stopped: Promise<void> | null = null;

  add(stop: () => unknown): void {
    this.stops.push(stop);
  }

  /** Stops everything; what fails to stop does not keep the rest from stopping. Throws the first failure at the end. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  private async stopAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.stops.reverse()) {
      try {
        await stop();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
