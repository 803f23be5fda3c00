/** Lets so many calls a second through for each endpoint; after a refusal the endpoint rests as long as the site said. */
export class TokenBucket {
  private readonly perSecond: number;
  private readonly next = new Map<string, number>();

  constructor(perSecond: number) {
    this.perSecond = perSecond;
  }

  /** Resolves when the endpoint may be called. */
  async take(endpoint: string, signal: AbortSignal): Promise<void> {
    const now = Date.now();
    const at = Math.max(now, this.next.get(endpoint) ?? 0);
    this.next.set(endpoint, at + 1_000 / this.perSecond);
    if (at > now) await pause(at - now, signal);
  }

  rest(endpoint: string, ms: number): void {
    this.next.set(endpoint, Math.max(this.next.get(endpoint) ?? 0, Date.now() + ms));
  }
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
