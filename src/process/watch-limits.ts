/** Ends a child's whole process group when it passes a limit, and remembers why. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { AttacheError } from '../errors/attache-error.ts';

export interface ChildLimits {
  /** Resident bytes at which the process group is killed. */
  memoryBytes: number;
  /** Milliseconds after which the process group is killed. */
  timeMs: number;
}

/** Watches until `stop`; `verdict` is the limit that was passed, if any. */
export function watchLimits(
  child: ChildProcess,
  limits: ChildLimits,
  what: string,
): { stop(): void; verdict(): AttacheError | null } {
  let verdict: AttacheError | null = null;
  const end = (error: AttacheError) => {
    verdict ??= error;
    killGroup(child);
  };
  const time = setTimeout(() => end(tookTooLong(what, limits)), limits.timeMs);
  const memory = setInterval(() => {
    const bytes = residentBytes(child.pid);
    if (bytes > limits.memoryBytes) end(tookTooMuch(what, bytes, limits));
  }, 250);
  return {
    stop: () => {
      clearTimeout(time);
      clearInterval(memory);
    },
    verdict: () => verdict,
  };
}

/** Kills a child that leads its own process group, with all it has started. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

function tookTooLong(what: string, limits: ChildLimits): AttacheError {
  return new AttacheError('timed_out', {
    message: `${what} took longer than ${Math.round(limits.timeMs / 1000)} s and was stopped.`,
    hint: 'Raise limits.extract_time, or ask for fewer tables at once.',
  });
}

function tookTooMuch(what: string, bytes: number, limits: ChildLimits): AttacheError {
  return new AttacheError('memory_exceeded', {
    message: `${what} used ${Math.round(bytes / 1e6)} MB and was stopped; the limit is ${Math.round(limits.memoryBytes / 1e6)} MB.`,
    hint: 'Raise limits.extract_memory or lower duckdb.memory_limit.',
  });
}

/** Resident memory of a process where the system tells; 0 elsewhere. */
function residentBytes(pid: number | undefined): number {
  const path = `/proc/${pid}/status`;
  if (pid === undefined || !existsSync(path)) return 0;
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
