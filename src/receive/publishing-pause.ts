/** How long what is applied waits before it is published: a storm costs freshness and never throughput. Pure. */

const shortestMs = 1_000;

/** What waits in the inbox when a publication ends: none, some events, or more than fit into a batch. */
export type Waiting = 'none' | 'some' | 'batch';

/** Pauses, in durations of the publication before. While more waits than a batch takes, what is published in between is old by the next beat. */
const factors: Record<Waiting, number> = { none: 0, some: 1, batch: 3 };

/** When the next publication may begin. Milliseconds, all of one clock. */
export function nextPublication({ started, ended }: { started: number; ended: number }, waiting: Waiting): number {
  return Math.max(started + shortestMs, ended + (ended - started) * factors[waiting]);
}
