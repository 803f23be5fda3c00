/** How long what is applied waits before it is published: a storm costs freshness and never throughput. Pure. */

const shortestMs = 1_000;
/** Of publishing, while more waits than a batch takes: what is published in between is old by the next beat. */
const behindFactor = 3;

/** When the next publication may begin. Milliseconds, all of one clock; `behind`: more events wait than fit into a batch. */
export function nextPublication({ started, ended }: { started: number; ended: number }, behind: boolean): number {
  return Math.max(started + shortestMs, ended + (ended - started) * (behind ? behindFactor : 1));
}
