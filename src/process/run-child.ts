/** Runs one task in a child process: its own process group, a memory and a time limit, data in and data out over IPC. */
import { type ChildProcess, spawn } from 'node:child_process';
import { childEnvironment } from '../environment/environment.ts';
import { AttacheError, type ErrorRecord, fromErrorRecord } from '../errors/attache-error.ts';
import { type ChildLimits, killGroup, watchLimits } from './watch-limits.ts';

/** What a child tells its parent. */
export type ChildMessage<Event> =
  | { kind: 'ready' }
  | { kind: 'event'; event: Event }
  | { kind: 'result'; value: unknown }
  | { kind: 'error'; error: ErrorRecord };

export interface ChildJob<Event> {
  /** The compiled module the child runs; see `compiledEntry`. */
  entry: string;
  /** Plain data, sent once. */
  task: unknown;
  limits: ChildLimits;
  /** What runs, for people: `The extraction of crm`. */
  what: string;
  /** The child's working directory. */
  cwd?: string;
  signal?: AbortSignal;
  onEvent?: (event: Event) => void;
  /** Called once the task is handed over, with a way to say more to a child that lives long. */
  onStart?: (tell: (message: object) => void) => void;
}

/** Each running DuckDB query holds a thread of libuv's pool; with the usual four, signing in to a source or reading a file would wait for the queries to end. */
const poolThreads = '32';

/**
 * Children bring bytes in large buffers outside a small heap. V8 takes those for pressure and marks the heap over and over beside the work, which costs
 * more than the work itself; marked in one go when memory is really short, it costs a fifth.
 */
const collectInOneGo = '--no-incremental-marking';

const killAfterCancelMs = 5_000;

/** Resolves with the child's result; rejects with its error, or with why it had to be stopped. */
export async function runChild<Result, Event = never>(job: ChildJob<Event>): Promise<Result> {
  job.signal?.throwIfAborted();
  const heap = `--max-old-space-size=${heapMegabytes(job.limits.memoryBytes)}`;
  const child = spawn(process.execPath, [heap, collectInOneGo, job.entry], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: { ...childEnvironment(), UV_THREADPOOL_SIZE: poolThreads },
    ...(job.cwd === undefined ? {} : { cwd: job.cwd }),
  });
  const watch = watchLimits(child, job.limits, job.what);
  try {
    return await talk<Result, Event>(child, job, watch.verdict);
  } finally {
    watch.stop();
    killGroup(child);
  }
}

/** V8 gets a share; DuckDB's own limit bounds the rest. */
function heapMegabytes(limitBytes: number): number {
  return Math.max(128, Math.min(1024, Math.floor(limitBytes / (1 << 20) / 3)));
}

async function talk<Result, Event>(
  child: ChildProcess,
  { task, what, signal, onEvent, onStart }: ChildJob<Event>,
  verdict: () => AttacheError | null,
): Promise<Result> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4_000);
  });
  let cancelTimer: NodeJS.Timeout | undefined;
  const cancel = () => {
    if (child.connected) child.send({ kind: 'cancel' }, () => {});
    cancelTimer = setTimeout(() => killGroup(child), killAfterCancelMs);
  };
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await new Promise<Result>((resolve, reject) => {
      let outcome: { value: unknown } | { error: ErrorRecord } | null = null;
      child.on('message', (message: ChildMessage<Event>) => {
        if (message.kind === 'ready') {
          child.send(task as object, (failure) => failure && reject(failure));
          onStart?.((more) => child.connected && child.send({ kind: 'told', message: more }, () => {}));
        } else if (message.kind === 'event') onEvent?.(message.event);
        else outcome = message.kind === 'result' ? { value: message.value } : { error: message.error };
      });
      child.on('error', (cause) =>
        reject(new AttacheError('child_failed', { message: `${what} could not be started: ${cause.message}`, cause })),
      );
      child.on('close', (code, killedBy) => {
        if (outcome !== null && 'value' in outcome) resolve(outcome.value as Result);
        else if (outcome !== null) reject(fromErrorRecord(outcome.error));
        else if (signal?.aborted) reject(cancelled(what));
        else reject(verdict() ?? childFailed(what, code, killedBy, stderr));
      });
    });
  } finally {
    clearTimeout(cancelTimer);
    signal?.removeEventListener('abort', cancel);
  }
}

function cancelled(what: string): AttacheError {
  return new AttacheError('cancelled', {
    message: `${what} was cancelled.`,
    hint: 'Old data stays; start it again when you like.',
  });
}

function childFailed(what: string, code: number | null, killedBy: NodeJS.Signals | null, stderr: string): AttacheError {
  const how = killedBy === null ? `exit code ${code}` : killedBy;
  const last = stderr.trim().split('\n').slice(-3).join(' ');
  return new AttacheError('child_failed', {
    message: `${what} ended without a result (${how})${last === '' ? '' : `: ${last}`}.`,
    hint: 'Nothing was lost: the tables keep their data. Try again; if it repeats, lower duckdb.memory_limit or look for the kernel killing processes.',
    retryable: true,
  });
}
