/** What happens in one job, as numbered events that a listener can take up again where it left off. */

export type JobEventName = 'job' | 'table' | 'progress' | 'note';

export interface JobEvent {
  /** Null for progress: it is worth nothing a second later and is never sent again. */
  id: number | null;
  name: JobEventName;
  data: unknown;
}

type Listener = (event: JobEvent | 'end') => void;

const keptEvents = 5_000;

export class JobFeed {
  private readonly kept: JobEvent[] = [];
  private readonly listeners = new Set<Listener>();
  private lastId = 0;
  private ended = false;

  publish(name: JobEventName, data: unknown): void {
    const id = name === 'progress' ? null : ++this.lastId;
    const event: JobEvent = { id, name, data };
    if (id !== null) {
      this.kept.push(event);
      if (this.kept.length > keptEvents) this.kept.shift();
    }
    for (const listener of [...this.listeners]) listener(event);
  }

  /** No more events will come. */
  end(): void {
    this.ended = true;
    for (const listener of [...this.listeners]) listener('end');
    this.listeners.clear();
  }

  /** Events after `lastId`, or null when some of them are no longer kept or the number was never given out. */
  since(lastId: number): JobEvent[] | null {
    const oldest = this.kept[0]?.id ?? this.lastId + 1;
    if (lastId + 1 < oldest || lastId > this.lastId) return null;
    return this.kept.filter((event) => (event.id ?? 0) > lastId);
  }

  /** Number of the newest event. */
  get position(): number {
    return this.lastId;
  }

  get finished(): boolean {
    return this.ended;
  }

  /** Calls `listener` for each event from now on; the returned function ends it. */
  listen(listener: Listener): () => void {
    if (this.ended) listener('end');
    else this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
