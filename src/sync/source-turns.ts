/** Lets the runs of one source happen one after the other, and only so many sources at once. */
import { TurnQueue } from '../system/turn-queue.ts';

export class SourceTurns {
  private readonly queues = new Map<string, TurnQueue>();
  private readonly waiting: (() => void)[] = [];
  private free: number;

  /** `width`: how many sources run at once. */
  constructor(width: number) {
    this.free = width;
  }

  /** Runs `work` when the source's earlier work is done and a place is free. */
  run<T>(source: string, work: () => Promise<T>): Promise<T> {
    let queue = this.queues.get(source);
    if (queue === undefined) {
      queue = new TurnQueue();
      this.queues.set(source, queue);
    }
    return queue.run(async () => {
      await this.takePlace();
      try {
        return await work();
      } finally {
        this.leavePlace();
      }
    });
  }

  private async takePlace(): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private leavePlace(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}
