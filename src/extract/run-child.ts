/** The extraction child as the parent sees it: what it is told, and what it tells. */
import { compiledEntry } from '../process/compiled-entry.ts';
import { type ChildMessage as Message, runChild as run } from '../process/run-child.ts';
import type { ConnectorQuestion, ExtractEvent, ExtractRequest } from './shapes.ts';

/** What the parent tells the child, once. */
export type ChildTask =
  | { kind: 'extract'; request: ExtractRequest }
  /** After a child that was killed. */
  | { kind: 'tidy'; request: Omit<ExtractRequest, 'runId' | 'tables' | 'full'> }
  | { kind: 'ask'; request: Omit<ExtractRequest, 'runId' | 'tables' | 'full'>; question: ConnectorQuestion };

/** What the child tells the parent. */
export type ChildMessage = Message<ExtractEvent>;

const entry = compiledEntry(import.meta.url, './child');

/** Runs one task of a source in its own child process, within the instance's limits. */
export async function runChild<Result>(
  task: ChildTask,
  { limits, source }: Pick<ExtractRequest, 'limits' | 'source'>,
  options: { signal?: AbortSignal; onEvent?: (event: ExtractEvent) => void },
): Promise<Result> {
  return run<Result, ExtractEvent>({
    entry,
    task,
    limits: { memoryBytes: limits.extractMemoryBytes, timeMs: limits.extractTimeMs },
    what: `The ${task.kind === 'extract' ? 'extraction' : 'connector'} of ${source.name}`,
    ...options,
  });
}
