/** How many bytes of bodies the server holds at once: many senders together must not take what one may. */
import type { IncomingMessage } from 'node:http';

export class BodyBudget {
  private readonly limit: number;
  private readonly held = new WeakMap<IncomingMessage, number>();
  private total = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Counts bytes of a request until it is released; false when that would be more than the server holds. */
  take(request: IncomingMessage, bytes: number): boolean {
    if (this.total + bytes > this.limit) return false;
    this.total += bytes;
    this.held.set(request, (this.held.get(request) ?? 0) + bytes);
    return true;
  }

  /** The request is answered or gone. */
  release(request: IncomingMessage): void {
    this.total -= this.held.get(request) ?? 0;
    this.held.delete(request);
  }
}
