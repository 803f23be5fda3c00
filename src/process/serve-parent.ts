/** The child's side of `runChild`: takes one task over IPC, answers with one result or error, and dies with its parent. */
import { crashPointOfTest } from '../environment/environment.ts';
import { type ErrorRecord, toErrorRecord } from '../errors/attache-error.ts';
import { armCrashPoint } from '../publish/crash-point.ts';
import type { ChildMessage } from './run-child.ts';

const endWorkMs = 5_000;

/**
 * Performs the one task this process was started for; `signal` is aborted when the parent cancels. `endsWork` says of a task that it ends what it runs
 * elsewhere when it is cancelled: it is given the time for that also when the parent is gone.
 */
export async function serveParent<Task, Event = never>(
  perform: (
    task: Task,
    signal: AbortSignal,
    emit: (event: Event) => Promise<void>,
    listen: (hear: (message: unknown) => void) => void,
  ) => Promise<unknown>,
  { endsWork }: { endsWork?: (task: Task) => Promise<boolean> } = {},
): Promise<void> {
  const abort = new AbortController();
  const told: unknown[] = [];
  let hear = (message: unknown): void => {
    told.push(message);
  };
  const listen = (listener: (message: unknown) => void) => {
    hear = listener;
    for (const message of told.splice(0)) listener(message);
  };
  process.on('message', (message: Task | { kind: 'cancel' } | { kind: 'told'; message: unknown }) => {
    if (isCancel(message)) abort.abort();
    else if (isTold(message)) hear(message.message);
    else void answer(message as Task);
  });
  let given: Task | null = null;
  // A parent that was killed can no longer kill the group.
  process.on('disconnect', () => void dieAlone());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort());
  const crashAt = crashPointOfTest();
  if (crashAt !== null) armCrashPoint(crashAt);
  await send({ kind: 'ready' });

  /** At once, unless the task still has something of its own to end elsewhere. */
  async function dieAlone(): Promise<void> {
    if (given === null || endsWork === undefined || !(await endsWork(given).catch(() => false))) endNow();
    abort.abort();
    setTimeout(endNow, endWorkMs);
  }

  async function answer(task: Task): Promise<void> {
    given = task;
    const message = await perform(task, abort.signal, (event) => send({ kind: 'event', event }), listen).then(
      (value): ChildMessage<Event> => ({ kind: 'result', value }),
      (thrown): ChildMessage<Event> => ({ kind: 'error', error: toErrorRecord(thrown) satisfies ErrorRecord }),
    );
    await send(message);
    process.exit(0);
  }
}

/** An ordinary exit waits for the queries that DuckDB runs on other threads, for as long as they take. */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL');
}

function isCancel(message: unknown): message is { kind: 'cancel' } {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'cancel';
}

function isTold(message: unknown): message is { kind: 'told'; message: unknown } {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'told';
}

function send(message: ChildMessage<unknown>): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}
