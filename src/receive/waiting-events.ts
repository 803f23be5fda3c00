/** Which events are stored and not visible yet: one mark for each stretch of time, so that the lag is known while the process behind the door is down. Pure. */

interface Mark {
  /** When the first of its events arrived, in milliseconds. */
  since: number;
  /** Sequence of its last event. */
  last: number;
}

const markMs = 250;

export class WaitingEvents {
  private marks: Mark[] = [];

  /** An event is stored. */
  add(sequence: number, at: number): void {
    const mark = this.marks.at(-1);
    if (mark !== undefined && at - mark.since < markMs) mark.last = Math.max(mark.last, sequence);
    else this.marks.push({ since: at, last: sequence });
  }

  /** Everything up to `sequence` is visible. */
  settle(sequence: number): void {
    const kept = this.marks.findIndex((mark) => mark.last > sequence);
    this.marks = kept === -1 ? [] : this.marks.slice(kept);
  }

  /** Age of the oldest stretch with an event that waits; 0 when none does. */
  lag(now: number): number {
    const [oldest] = this.marks;
    return oldest === undefined ? 0 : Math.max(0, now - oldest.since);
  }
}
