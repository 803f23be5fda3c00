/** Lets others go first: the door answers at once, what is behind it may take a little longer. */
import { readdirSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Weak enough that a busy computer still lets events through to their readers. */
const least = 5;
/** As a session it meets programs that read what it publishes too: far behind them its data grow old. */
const leastAsGroup = 2;

/** Linux keeps a priority for each thread, and those that run queries are there before any of our code is; new ones take that of their maker. */
export function stepBack(): void {
  const niceness = Math.max(getPriority(), least);
  setPriority(niceness);
  for (const thread of threads()) {
    try {
      setPriority(thread, niceness);
    } catch {
      // It has ended meanwhile.
    }
  }
  stepBackAsGroup();
}

/**
 * Where Linux gives each session of processes an equal share (sched(7), "The autogroup feature"), priorities weigh only within one of them. A child that runs in a
 * session of its own would keep its half of the computer whatever its priority, so there the session's is lowered too.
 */
function stepBackAsGroup(): void {
  try {
    writeFileSync('/proc/self/autogroup', String(leastAsGroup));
  } catch {
    // Not Linux, or without sessions' shares.
  }
}

/** None where the system does not tell them: there the priority is the whole process's. */
function threads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [];
  }
}
