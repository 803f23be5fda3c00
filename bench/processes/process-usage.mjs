/** What processes have used, as Linux tells it; nothing on other systems. */
import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc, on every Linux that Node runs on. */
const ticks = 100;

/** Resident memory now in MB, and the most there has been; 0 for a process that has ended. */
export function memoryOf(pid) {
  const status = read(`/proc/${pid}/status`);
  const megabytes = (field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { resident: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

/** User and system seconds so far. */
export function cpuSecondsOf(pid) {
  return secondsAt(pid, 11);
}

/** User and system seconds of all children of this process that have ended. */
export function cpuSecondsOfEnded() {
  return secondsAt('self', 13);
}

/** The child of this process whose command line holds `word`; undefined when there is none. */
export function childThatRuns(word) {
  return read(`/proc/${process.pid}/task/${process.pid}/children`)
    .split(' ')
    .find((pid) => pid !== '' && read(`/proc/${pid}/cmdline`).includes(word));
}

function secondsAt(pid, index) {
  const fields = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[index]) + Number(fields[index + 1])) / ticks;
}

/** Empty when the process ended in between. */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
