/** Spawns the extraction child: its own process group, a memory and a time limit, data in and data out over IPC. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AttacheError, type ErrorRecord, fromErrorRecord } from '../errors/attache-error.ts';
import type { ConnectorQuestion, ExtractEvent, ExtractRequest } from './shapes.ts';

/** What the parent tells the child, once. */
export type ChildTask =
  | { kind: 'extract'; request: ExtractRequest }
  | { kind: 'ask'; request: Omit<ExtractRequest, 'tables' | 'full'>; question: ConnectorQuestion };

/** What the child tells the parent. */
export type ChildMessage =
  | { kind: 'ready' }
  | { kind: 'event'; event: ExtractEvent }
  | { kind: 'result'; value: unknown }
  | { kind: 'error'; error: ErrorRecord };

interface RunOptions {
  signal?: AbortSignal;
  onEvent?: (event: ExtractEvent) => void;
}

/** The compiled child, also when this module itself runs from source under a test. */
const childEntry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/extract/child.js' : './child.js', import.meta.url),
);

const killAfterCancelMs = 5_000;

export async function runChild<Result>(
  task: ChildTask,
  { limits, source }: Pick<ExtractRequest, 'limits' | 'source'>,
  options: RunOptions,
): Promise<Result> {
  options.signal?.throwIfAborted();
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMegabytes(limits.extractMemoryBytes)}`, childEntry],
    {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      env: childEnvironment(),
    },
  );
  const stopWatching = watch(child, limits, source.name);
  try {
    return await talk<Result>(child, task, options, stopWatching.verdict);
  } finally {
    stopWatching.stop();
    killGroup(child);
  }
}

/** The child inherits what a process needs to run and nothing that might be a secret. */
function childEnvironment(): NodeJS.ProcessEnv {
  const passed = [
    'PATH',
    'HOME',
    'TMPDIR',
    'TEMP',
    'TMP',
    'SystemRoot',
    'LANG',
    'LC_ALL',
    'TZ',
    'NODE_EXTRA_CA_CERTS',
    'SSL_CERT_FILE',
    'HTTPS_PROXY',
    'HTTP_PROXY',
    'NO_PROXY',
    'DA_TEST_CRASH_POINT',
  ];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.includes(name)));
}

/** V8 gets a share; DuckDB's own limit bounds the rest. */
function heapMegabytes(limitBytes: number): number {
  return Math.max(128, Math.min(1024, Math.floor(limitBytes / (1 << 20) / 3)));
}

async function talk<Result>(
  child: ChildProcess,
  task: ChildTask,
  { signal, onEvent }: RunOptions,
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
      child.on('message', (message: ChildMessage) => {
        if (message.kind === 'ready') child.send(task, (failure) => failure && reject(failure));
        else if (message.kind === 'event') onEvent?.(message.event);
        else outcome = message.kind === 'result' ? { value: message.value } : { error: message.error };
      });
      child.on('error', (cause) =>
        reject(
          new AttacheError('child_failed', {
            message: `The extraction process could not be started: ${cause.message}`,
            cause,
          }),
        ),
      );
      child.on('close', (code, killedBy) => {
        if (outcome !== null && 'value' in outcome) resolve(outcome.value as Result);
        else if (outcome !== null) reject(fromErrorRecord(outcome.error));
        else if (signal?.aborted)
          reject(
            new AttacheError('cancelled', {
              message: 'The extraction was cancelled.',
              hint: 'Old data stays; start it again when you like.',
            }),
          );
        else reject(verdict() ?? childFailed(code, killedBy, stderr));
      });
    });
  } finally {
    clearTimeout(cancelTimer);
    signal?.removeEventListener('abort', cancel);
  }
}

function childFailed(code: number | null, killedBy: NodeJS.Signals | null, stderr: string): AttacheError {
  const how = killedBy === null ? `exit code ${code}` : killedBy;
  const last = stderr.trim().split('\n').slice(-3).join(' ');
  return new AttacheError('child_failed', {
    message: `The extraction process ended without a result (${how})${last === '' ? '' : `: ${last}`}.`,
    hint: 'Nothing was lost: the tables keep their data. Try again; if it repeats, lower duckdb.memory_limit or look for the kernel killing processes.',
    retryable: true,
  });
}

/** Kills the whole process group when a limit is passed, and remembers why. */
function watch(
  child: ChildProcess,
  limits: ExtractRequest['limits'],
  source: string,
): { stop(): void; verdict(): AttacheError | null } {
  let verdict: AttacheError | null = null;
  const end = (error: AttacheError) => {
    verdict ??= error;
    killGroup(child);
  };
  const timeLimit = setTimeout(
    () =>
      end(
        new AttacheError('timed_out', {
          message: `The extraction of ${source} took longer than ${Math.round(limits.extractTimeMs / 1000)} s and was stopped.`,
          hint: 'Raise limits.extract_time, or sync fewer tables at once.',
        }),
      ),
    limits.extractTimeMs,
  );
  const memory = setInterval(() => {
    const bytes = residentBytes(child.pid);
    if (bytes <= limits.extractMemoryBytes) return;
    end(
      new AttacheError('memory_exceeded', {
        message: `The extraction of ${source} used ${Math.round(bytes / 1e6)} MB and was stopped; the limit is ${Math.round(limits.extractMemoryBytes / 1e6)} MB.`,
        hint: 'Raise limits.extract_memory or lower duckdb.memory_limit.',
      }),
    );
  }, 250);
  return {
    stop: () => {
      clearTimeout(timeLimit);
      clearInterval(memory);
    },
    verdict: () => verdict,
  };
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

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}
