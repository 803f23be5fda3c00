/**
 * Memory for answers of the Storage Read API, shared by all streams: a stream asks for its next answer only when there is room. How large an answer is, is not known before all of it
 * has come, so what is set aside for it is the largest so far. A service that sends small answers is read by all streams at once, one that sends huge ones by few.
 */

/** For all answers on their way, waiting and in work. */
const allBytes = 64 << 20;
/** Of one stream, for answers that wait while another is in work. */
const aheadBytes = 4 << 20;
/** An answer before there was one. */
const guessBytes = 16 << 20;

export class ReadRoom {
  private readonly streams = new Set<StreamRoom>();
  private largest: number | null = null;

  /** Room for one call; `close` gives it back. */
  stream(): StreamRoom {
    const stream = new StreamRoom(this);
    this.streams.add(stream);
    return stream;
  }

  /** Whether another answer of so many bytes may come; one at least always may, however large. */
  holds(bytes: number): boolean {
    const taken = [...this.streams].reduce((sum, stream) => sum + stream.bytes, 0);
    return taken === 0 || taken + bytes <= allBytes;
  }

  get expected(): number {
    return this.largest ?? guessBytes;
  }

  arrived(bytes: number): void {
    this.largest = Math.max(this.largest ?? 0, bytes);
    this.serve();
  }

  /** Lets those ask who have waited longest. */
  serve(): void {
    for (const stream of [...this.streams]) stream.begin();
  }

  leave(stream: StreamRoom): void {
    this.streams.delete(stream);
    this.serve();
  }

  /** Behind all others. */
  queue(stream: StreamRoom): void {
    this.streams.delete(stream);
    this.streams.add(stream);
  }
}

/** Of one call: its answers come one after the other, wait, and are worked on. */
export class StreamRoom {
  private readonly all: ReadRoom;
  private asking: (() => void) | null = null;
  private coming = 0;
  private waiting = 0;
  private working = 0;
  private largest = 0;
  private begunAt = 0;

  constructor(all: ReadRoom) {
    this.all = all;
  }

  get bytes(): number {
    return this.coming + this.waiting + this.working;
  }

  /** When the answer that is awaited was asked for, as `performance.now()` has it: as long as there is no room, it is not the service that is late. */
  askedAt(): number {
    return this.asking === null ? this.begunAt : performance.now();
  }

  /** Calls `ask` once the next answer may come. */
  next(ask: () => void): void {
    this.asking = ask;
    this.begin();
  }

  begin(): void {
    const bytes = this.largest === 0 ? this.all.expected : this.largest;
    const isAhead = this.waiting > 0 && this.waiting + bytes > aheadBytes;
    if (this.asking === null || isAhead || !this.all.holds(bytes)) return;
    const ask = this.asking;
    this.asking = null;
    this.coming = bytes;
    this.begunAt = performance.now();
    this.all.queue(this);
    ask();
  }

  arrived(bytes: number): void {
    this.coming = 0;
    this.waiting += bytes;
    this.largest = Math.max(this.largest, bytes);
    this.all.arrived(bytes);
  }

  /** The reader takes the answer that has waited longest, and is done with the one before. */
  taken(bytes: number): void {
    this.waiting -= bytes;
    this.working = bytes;
    this.all.serve();
  }

  /** The reader is done with what it took. */
  done(): void {
    this.working = 0;
    this.all.serve();
  }

  close(): void {
    this.asking = null;
    this.all.leave(this);
  }
}
